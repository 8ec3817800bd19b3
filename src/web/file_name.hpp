#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::web {

// The file, relative to its folder, that a request names; what names a folder means its index.html. `below`: what
// stands behind the folder's own path in a canonical path (ws/target), without the slash between them; "" is the folder
// itself.
//
// Percent-encodings are decoded once. Absent for what is never served: a segment that is empty or begins with a dot,
// '/', '\' or a control byte in a name, names that are not UTF-8, segments of more than 255 bytes, more than 1,024
// bytes in all.
std::optional<std::string> file_name(std::string_view below);

}  // namespace drawbridge::web

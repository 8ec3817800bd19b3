#pragma once

#include <string_view>

namespace drawbridge::web {

// The Content-Type of a file by the extension of its name, in any case; application/octet-stream if that tells nothing.
std::string_view media_type(std::string_view name);

}  // namespace drawbridge::web

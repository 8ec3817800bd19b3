#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace drawbridge::auth {

// Objects and lists within each other, the outermost included.
constexpr std::size_t deepest_json = 16;

// The one object (RFC 8259) that `text` is. Stricter than JSON where two readers may understand different things: no
// name twice in an object at any depth (RFC 8725 §2.4 tells what comes of that), valid UTF-8 only, nothing behind it.
std::optional<boost::json::object> parse_json_object(std::string_view text, std::string& why);

}  // namespace drawbridge::auth

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace drawbridge::ctl {

namespace json = boost::json;

// A field of what the daemon answered: as it came, not escaped. Empty, 0 or false if it is not there or of another
// kind.
std::string text(const json::object& fields, std::string_view name);
std::uint64_t number(const json::object& fields, std::string_view name);
double real(const json::object& fields, std::string_view name);
bool flag(const json::object& fields, std::string_view name);
const json::array& list(const json::object& fields, std::string_view name);
const json::object& object(const json::object& fields, std::string_view name);

}  // namespace drawbridge::ctl

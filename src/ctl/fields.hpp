#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace drawbridge::ctl {

namespace json = boost::json;

// Fields of what the daemon said. Empty, 0, false or no items if it is not there, or something else.
std::string text(const json::object& fields, std::string_view name);
std::uint64_t number(const json::object& fields, std::string_view name);
double seconds(const json::object& fields, std::string_view name);
bool flag(const json::object& fields, std::string_view name);
const json::array& list(const json::object& fields, std::string_view name);

}  // namespace drawbridge::ctl

#include "ctl/fields.hpp"

#include <boost/json/value.hpp>

namespace drawbridge::ctl {

std::string text(const json::object& fields, std::string_view name) {
  const auto* const field = fields.if_contains(name);
  return field != nullptr && field->is_string() ? std::string(field->get_string()) : "";
}

std::uint64_t number(const json::object& fields, std::string_view name) {
  const auto* const field = fields.if_contains(name);
  boost::system::error_code wrong;
  return field == nullptr ? 0 : field->to_number<std::uint64_t>(wrong);
}

double real(const json::object& fields, std::string_view name) {
  const auto* const field = fields.if_contains(name);
  boost::system::error_code wrong;
  return field == nullptr ? 0 : field->to_number<double>(wrong);
}

bool flag(const json::object& fields, std::string_view name) {
  const auto* const field = fields.if_contains(name);
  return field != nullptr && field->is_bool() && field->get_bool();
}

const json::array& list(const json::object& fields, std::string_view name) {
  static const json::array none;
  const auto* const field = fields.if_contains(name);
  return field != nullptr && field->is_array() ? field->get_array() : none;
}

const json::object& object(const json::object& fields, std::string_view name) {
  static const json::object none;
  const auto* const field = fields.if_contains(name);
  return field != nullptr && field->is_object() ? field->get_object() : none;
}

}  // namespace drawbridge::ctl

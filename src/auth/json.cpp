#include "auth/json.hpp"

#include <algorithm>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;
using json::error_code;

// Builds the value, as Boost's own parser does, and counts the members that were read. Of two equal names that parser
// lets the last win: the value then has fewer members than were read. Names and signatures are those of
// boost::json::basic_parser's handlers, which go on while they return true.
class CountingHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  CountingHandler() { stack_.reset(); }

  json::value release() { return stack_.release(); }
  std::size_t members() const { return members_; }

  bool on_document_begin(error_code& /*error*/) { return true; }
  bool on_document_end(error_code& /*error*/) { return true; }
  bool on_object_begin(error_code& /*error*/) { return true; }
  bool on_object_end(std::size_t size, error_code& /*error*/) {
    members_ += size;
    stack_.push_object(size);
    return true;
  }
  bool on_array_begin(error_code& /*error*/) { return true; }
  bool on_array_end(std::size_t size, error_code& /*error*/) {
    stack_.push_array(size);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t /*size*/, error_code& /*error*/) {
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view rest, std::size_t /*size*/, error_code& /*error*/) {
    stack_.push_key(rest);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t /*size*/, error_code& /*error*/) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view rest, std::size_t /*size*/, error_code& /*error*/) {
    stack_.push_string(rest);
    return true;
  }
  bool on_number_part(json::string_view /*part*/, error_code& /*error*/) { return true; }
  bool on_int64(std::int64_t number, json::string_view /*text*/, error_code& /*error*/) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view /*text*/, error_code& /*error*/) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view /*text*/, error_code& /*error*/) {
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool value, error_code& /*error*/) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(error_code& /*error*/) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view /*part*/, error_code& /*error*/) { return true; }
  bool on_comment(json::string_view /*text*/, error_code& /*error*/) { return true; }

 private:
  json::value_stack stack_;
  std::size_t members_ = 0;
};

std::size_t members_of(const json::value& value) {
  std::size_t count = 0;
  if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += members_of(member.value());
  } else if (const auto* list = value.if_array()) {
    for (const json::value& item : *list) count += members_of(item);
  }
  return count;
}

}  // namespace

std::optional<json::object> parse_json_object(std::string_view text, std::string& why) {
  json::parse_options options;
  options.max_depth = deepest_json;
  json::basic_parser<CountingHandler> parser(options);
  error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (error || read != text.size()) {
    why = error == json::error::too_deep ? "its JSON is nested too deeply" : "it is no valid JSON";
    return {};
  }
  json::value value = parser.handler().release();
  if (!value.is_object()) {
    why = "its JSON is no object";
    return {};
  }
  if (members_of(value) != parser.handler().members()) {
    why = "its JSON says a name twice";
    return {};
  }
  return std::move(value.get_object());
}

}  // namespace drawbridge::auth

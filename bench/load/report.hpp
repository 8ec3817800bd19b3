#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace drawbridge::bench {

// One JSON object, in the order of the calls. Values are numbers, booleans and plain words: nothing needs escaping.
class Report {
 public:
  void add(std::string_view key, std::string_view word);
  void add(std::string_view key, const char* word) { add(key, std::string_view(word)); }
  void add(std::string_view key, bool value);
  void add(std::string_view key, double value);
  void add(std::string_view key, std::integral auto value) { add_raw(key, std::to_string(value)); }

  std::string text() const { return "{" + body_ + "}"; }

 private:
  void add_raw(std::string_view key, std::string_view value);

  std::string body_;
};

}  // namespace drawbridge::bench

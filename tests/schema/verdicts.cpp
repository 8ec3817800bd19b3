// Reads JSON documents, one a line, and says of each what is wrong with it as a configuration: the errors of the
// loader, joined, or an empty line.

#include "config/load.hpp"

#include <iostream>
#include <string>

namespace {

const std::string main_file = "/etc/drawbridge.yaml";

class OneFile final : public drawbridge::config::Files {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  std::optional<std::string> read(const std::string& path, std::string& why) override {
    if (path == main_file) return text_;
    why = "there is no other file";
    return {};
  }
  std::vector<std::string> match(const std::string& /*pattern*/) override { return {}; }

 private:
  const std::string text_;
};

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    OneFile file(line);
    std::string errors;
    for (const auto& diagnostic : drawbridge::config::load(main_file, file).diagnostics) {
      if (diagnostic.severity == drawbridge::config::Diagnostic::Severity::error) errors += diagnostic.message + "; ";
    }
    std::cout << errors << std::endl;
  }
}

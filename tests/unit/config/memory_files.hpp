#pragma once

#include "config/load.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fnmatch.h>

namespace drawbridge::config {

// Files that exist only in a test.
class MemoryFiles final : public Files {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  std::optional<std::string> read(const std::string& path, std::string& why) override {
    const auto found = files_.find(path);
    if (found != files_.end()) return found->second;
    why = "there is no such file";
    return {};
  }

  std::vector<std::string> match(const std::string& pattern) override {
    std::vector<std::string> paths;
    for (const auto& [path, content] : files_) {
      if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) paths.push_back(path);
    }
    return paths;
  }

 private:
  std::map<std::string, std::string> files_;
};

inline Loaded load_text(std::string_view text) {
  MemoryFiles files({{"/etc/main.yaml", std::string(text)}});
  return load("/etc/main.yaml", files);
}

// All diagnostics as lines, without the name of the main file.
inline std::string told(const Loaded& loaded) {
  std::string out;
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    std::string line = diagnostic.text();
    constexpr std::string_view main = "/etc/main.yaml:";
    if (line.starts_with(main)) line.erase(0, main.size());
    out += line + "\n";
  }
  return out;
}

inline constexpr std::string_view smallest = R"(listeners:
  - bind: 0.0.0.0:8443
    tls: { certificates: [ { chain: fullchain.pem, key: privkey.pem } ] }
routes:
  - name: desk
    path: /desk
    origins: [ "https://app.example.org" ]
    backend: tcp://127.0.0.1:5900
)";

}  // namespace drawbridge::config

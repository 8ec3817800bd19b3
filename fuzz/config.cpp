// Any bytes as a configuration. Record separators (0x1E, which no configuration may hold) cut the input into the main
// file and the files "1.yaml", "2.yaml", … that it may include.

#include "base/text.hpp"
#include "config/load.hpp"
#include "finding.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace {

using namespace drawbridge::config;
using drawbridge::fuzz::require;

class Pieces final : public Files {
 public:
  explicit Pieces(std::string_view input) : pieces_(drawbridge::split(input, '\x1E')) {}

  std::optional<std::string> read(const std::string& path, std::string& why) override {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (path == name(i)) return std::string(pieces_[i]);
    }
    why = "there is no such file";
    return {};
  }

  std::vector<std::string> match(const std::string& pattern) override {
    std::vector<std::string> paths;
    if (std::filesystem::path(pattern).parent_path() != directory) return paths;
    for (std::size_t i = 1; i < pieces_.size(); ++i) paths.push_back(name(i));
    return paths;
  }

 private:
  static constexpr std::string_view directory = "/etc/drawbridge";
  static std::string name(std::size_t index) { return fmt::format("{}/{}.yaml", directory, index); }

  std::vector<std::string_view> pieces_;
};

std::string told(const Loaded& loaded) {
  std::string out;
  for (const Diagnostic& diagnostic : loaded.diagnostics) out += diagnostic.text() + "\n";
  return out;
}

bool encrypted_or_local_or_meant(const Listener& listener) {
  const bool open =
      listener.bind.kind == Bind::Kind::systemd || (listener.bind.kind == Bind::Kind::tcp && !listener.bind.loopback());
  return listener.tls.has_value() != listener.plaintext || !open;
}

void check_valid(const Loaded& loaded) {
  const Config& config = loaded.config;
  require(!config.listeners.empty() && !config.routes.empty(), "not kept: something to do");
  for (const Listener& listener : config.listeners) {
    require(encrypted_or_local_or_meant(listener), "not kept: no plaintext by accident");
    require(!listener.tls || !listener.tls->certificates.empty(), "not kept: TLS with a certificate");
    require(listener.bind.mode <= 0777, "not kept: permission bits");
    require(listener.bind.path.size() <= 107, "not kept: a path for the kernel");
  }
  for (const Route& route : config.routes) {
    require(!route.name.empty() && route.path.starts_with('/'), "not kept: a name and a path");
    require(!route.prefix || route.path.ends_with('/'), "not kept: a prefix of whole segments");
    require(!route.origins.empty(), "not kept: origins");
    require(route.backend.kind == Backend::Kind::echo || (!route.backend.host.empty() && route.backend.port != 0),
            "not kept: a backend");
    require(route.limits.frame > 0 && route.limits.frame <= route.limits.message, "not kept: frame and message");
    require(!route.timeouts.ping || !route.timeouts.dead || *route.timeouts.ping < *route.timeouts.dead,
            "not kept: ping before dead");
    require(!route.quotas.any() || !route.auth.empty(), "not kept: identities to count");
    require(route.timeouts.connect.count() > 0 && route.timeouts.close.count() > 0, "not kept: time to wait");
  }
  require(config.limits.pending > 0 && config.limits.head > 0 && config.limits.handshakes_per_client > 0,
          "not kept: limits that let somebody in");
  const Penalties& penalties = config.penalties;
  require(penalties.minimum.count() > 0 && penalties.minimum <= penalties.maximum && penalties.clients > 0,
          "not kept: penalties that can be reached");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  Pieces files(input);
  const Loaded loaded = load("/etc/drawbridge/0.yaml", files);
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    const Position& position = diagnostic.position;
    require(!position.file.empty() && position.line > 0 && position.column > 0, "not kept: a place");
    require(drawbridge::is_utf8(diagnostic.text()), "not kept: text for a terminal");
  }
  if (loaded.valid()) check_valid(loaded);
  require(told(loaded) == told(load("/etc/drawbridge/0.yaml", files)), "not kept: the same again");
  return 0;
}

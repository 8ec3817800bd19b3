#pragma once

#include "config/disk.hpp"
#include "net/listener.hpp"
#include "net/log.hpp"
#include "net/tls_context.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drawbridge::daemon {

// The files of one listener's TLS: certificates, keys, and what clients' certificates are judged by.
class TlsFiles {
 public:
  TlsFiles(config::Tls tls, std::string bind, std::string credentials_directory);

  // Null, and `why`, if they cannot be used.
  std::shared_ptr<const net::TlsContext> read(std::string& why);
  // The same if they are others than those that were read last; null without `why` if they are not. A certificate and
  // its key are replaced one after the other: they are read once two looks saw the same. What could not be used is
  // tried again each time, as the process may only have lacked a descriptor; `why` is told once.
  std::shared_ptr<const net::TlsContext> look(std::string& why);

  // Their paths, and whether what they said last is in force.
  void for_each(const std::function<void(const std::string&, bool)>& note) const;

 private:
  using Stamps = std::vector<config::FileStamp>;
  Stamps stamps() const;

  config::Tls tls_;
  std::string bind_;
  std::string credentials_directory_;
  std::vector<std::string> paths_;
  Stamps read_;  // of what was read last, good or not
  Stamps seen_;  // at the last look
  bool good_ = false;
};

// Puts renewed certificates in force, without a reload. Sessions stay as they are. Control thread only.
class CertificateWatch {
 public:
  struct Watched {
    std::shared_ptr<net::Listener> listener;
    TlsFiles files;
  };

  void use(std::vector<Watched> watched) { watched_ = std::move(watched); }
  // To be called every second or so. What cannot be used is logged, and what was good before stays in force.
  void look(net::Log& log);
  void for_each_file(const std::function<void(const std::string&, bool)>& note) const;

 private:
  std::vector<Watched> watched_;
};

}  // namespace drawbridge::daemon

#include "daemon/certificate_watch.hpp"

#include "config/load.hpp"

#include <algorithm>
#include <utility>

#include <fmt/chrono.h>

namespace drawbridge::daemon {
namespace {

// The day on which the first of them ends.
std::string expiry_of(const net::TlsContext& context) {
  const auto all = context.certificates();
  const auto first =
      std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.not_after < b.not_after; });
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(first->not_after));
}

}  // namespace

TlsFiles::TlsFiles(config::Tls tls, std::string bind, std::string credentials_directory)
    : tls_(std::move(tls)), bind_(std::move(bind)), credentials_directory_(std::move(credentials_directory)) {
  const auto add = [this](const std::string& name) {
    if (!name.empty()) paths_.push_back(config::file_of(name, credentials_directory_));
  };
  for (const config::Certificate& certificate : tls_.certificates) {
    add(certificate.chain);
    add(certificate.key);
  }
  if (!tls_.client_certificates) return;
  add(tls_.client_certificates->ca);
  add(tls_.client_certificates->crl);
}

TlsFiles::Stamps TlsFiles::stamps() const {
  Stamps all;
  all.reserve(paths_.size());
  for (const std::string& path : paths_) all.push_back(config::stamp_of(path));
  return all;
}

std::shared_ptr<const net::TlsContext> TlsFiles::read(std::string& why) {
  seen_ = read_ = stamps();  // of before: what changes meanwhile is read once more
  good_ = false;
  for (const std::string& path : paths_) {
    // OpenSSL would wait for a pipe's writer.
    if (config::read_regular_file(path, why)) continue;
    why = fmt::format("cannot read {}: {}", path, why);
    return nullptr;
  }
  auto context = net::TlsContext::make(tls_, bind_, credentials_directory_, why);
  good_ = context != nullptr;
  return context;
}

std::shared_ptr<const net::TlsContext> TlsFiles::look(std::string& why) {
  Stamps now = stamps();
  const bool rests = now == seen_;
  seen_ = std::move(now);
  if (!rests || (good_ && seen_ == read_)) return nullptr;
  const bool is_news = seen_ != read_;
  auto context = read(why);
  if (!is_news) why.clear();
  return context;
}

void TlsFiles::for_each(const std::function<void(const std::string&, bool)>& note) const {
  for (const std::string& path : paths_) note(path, good_);
}

void CertificateWatch::look(net::Log& log) {
  for (Watched& watched : watched_) {
    std::string why;
    auto context = watched.files.look(why);
    const std::string bind = watched.listener->bind().text();
    if (context) {
      const std::string expiry = expiry_of(*context);
      net::Entrance entrance = *watched.listener->entrance();
      entrance.tls = std::move(context);
      watched.listener->use(std::make_shared<const net::Entrance>(std::move(entrance)));
      log.write(LogLevel::info,
                log.record(LogLevel::info, "certificates_read").add("bind", bind).add("expires", expiry));
    } else if (!why.empty()) {
      log.write(LogLevel::error,
                log.record(LogLevel::error, "certificates_not_read").add("bind", bind).add("error", why));
    }
  }
}

void CertificateWatch::for_each_file(const std::function<void(const std::string&, bool)>& note) const {
  for (const Watched& watched : watched_) watched.files.for_each(note);
}

}  // namespace drawbridge::daemon

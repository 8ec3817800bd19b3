#include "net/gate.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace drawbridge::net {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
// clang 14 does not find it by itself.
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

// Some bytes are hashed or a signature is verified; a password takes a thread's tenth of a second; a question takes a
// service's time.
int cost(const Gate::Entry& entry) {
  return std::visit(
      Overloaded{[](const config::ClientCertificateAuth&) { return 0; }, [](const config::TokensAuth&) { return 1; },
                 [](const config::JwtAuth&) { return 2; }, [](const config::BasicAuth&) { return 3; },
                 [](const config::ForwardAuth&) { return 4; }},
      entry.settings.how);
}

std::string challenge_of(const std::vector<Gate::Entry>& entries) {
  const bool basic = std::any_of(entries.begin(), entries.end(), [](const Gate::Entry& entry) {
    return std::holds_alternative<config::BasicAuth>(entry.settings.how);
  });
  const bool others = std::any_of(entries.begin(), entries.end(), [](const Gate::Entry& entry) {
    return !std::holds_alternative<config::BasicAuth>(entry.settings.how);
  });
  constexpr std::string_view basic_challenge = "Basic realm=\"drawbridge\", charset=\"UTF-8\"";
  if (basic && others) return fmt::format("Bearer, {}", basic_challenge);
  return basic ? std::string(basic_challenge) : "Bearer";
}

// A file with its first content; null, and `why`, if that is no good.
template <class T>
std::unique_ptr<auth::KeyFile<T>> key_file(const std::string& name, const std::string& credentials_directory,
                                           typename auth::KeyFile<T>::Parse parse, std::string& why) {
  const std::string path = config::file_of(name, credentials_directory);
  auto file = std::make_unique<auth::KeyFile<T>>(path, std::move(parse));
  std::string what;
  if (file->refresh(what) == auth::KeyFile<T>::News::fresh) return file;
  why = fmt::format("`{}`: {}", printable(name), what);
  return nullptr;
}

// Fills the entry's keys; false, and `why`, if they cannot be used.
bool load_keys(Gate::Entry& entry, const std::string& credentials_directory, std::string& why) {
  const auto take = [&](auto keys) {
    if (!keys) return false;
    entry.keys = std::move(keys);
    return true;
  };
  return std::visit(
      Overloaded{
          [&](const config::JwtAuth& jwt) {
            if (jwt.kind == config::JwtAuth::Keys::jwks) {
              return take(Gate::InlineJwt(auth::JwtVerifier::make(jwt, jwt.keys, why)));
            }
            return take(key_file<auth::JwtVerifier>(
                jwt.keys, credentials_directory,
                [jwt](std::string_view bytes, std::string& what) {
                  return Gate::InlineJwt(auth::JwtVerifier::make(jwt, bytes, what));
                },
                why));
          },
          [&](const config::TokensAuth& tokens) {
            return take(key_file<auth::TokenFile>(
                tokens.file, credentials_directory,
                [](std::string_view bytes, std::string& what) {
                  return std::shared_ptr<const auth::TokenFile>(auth::TokenFile::parse(bytes, what));
                },
                why));
          },
          [&](const config::BasicAuth& basic) {
            return take(key_file<auth::PasswordFile>(
                basic.file, credentials_directory,
                [](std::string_view bytes, std::string& what) {
                  return std::shared_ptr<const auth::PasswordFile>(auth::PasswordFile::parse(bytes, what));
                },
                why));
          },
          [&](const config::ForwardAuth& forward) {
            return take(ForwardGate::make(forward, credentials_directory, why));
          },
          [&](const config::ClientCertificateAuth&) {
            entry.keys = Gate::Certificate{};
            return true;
          },
      },
      entry.settings.how);
}

}  // namespace

std::shared_ptr<Gate> Gate::make(const config::Route& route, const std::string& credentials_directory,
                                 std::vector<config::Diagnostic>& errors) {
  if (route.auth.empty()) return nullptr;
  auto gate = std::make_shared<Gate>();
  gate->route_ = route.name;
  bool good = true;
  for (const config::Auth& auth : route.auth) {
    Entry entry{auth, Certificate{}};
    std::string why;
    if (!load_keys(entry, credentials_directory, why)) {
      errors.push_back({config::Diagnostic::Severity::error, auth.position, why});
      good = false;
    }
    gate->entries_.push_back(std::move(entry));
  }
  std::stable_sort(gate->entries_.begin(), gate->entries_.end(),
                   [](const Entry& a, const Entry& b) { return cost(a) < cost(b); });
  gate->challenge_ = challenge_of(gate->entries_);
  return good ? gate : nullptr;
}

void Gate::refresh(Log& log) {
  const auto refresh_file = [&](auto& file) {
    using News = typename std::remove_reference_t<decltype(*file)>::News;
    std::string why;
    const News news = file->refresh(why);
    if (news == News::fresh) {
      log.write(LogLevel::info, log.record(LogLevel::info, "keys_read").add("route", route_).add("file", file->path()));
    } else if (news == News::failed) {
      // What was good before stays in force.
      log.write(LogLevel::error, log.record(LogLevel::error, "keys_not_read")
                                     .add("route", route_)
                                     .add("file", file->path())
                                     .add("error", why));
    }
  };
  for (Entry& entry : entries_) {
    std::visit(Overloaded{[&](Jwt& file) { refresh_file(file); }, [&](Tokens& file) { refresh_file(file); },
                          [&](Passwords& file) { refresh_file(file); }, [](auto&) {}},
               entry.keys);
  }
}

void Gate::for_each_file(const std::function<void(const std::string&, bool)>& look) const {
  const auto look_at = [&](const auto& file) { look(file->path(), file->is_current()); };
  for (const Entry& entry : entries_) {
    std::visit(Overloaded{[&](const Jwt& file) { look_at(file); }, [&](const Tokens& file) { look_at(file); },
                          [&](const Passwords& file) { look_at(file); }, [](const auto&) {}},
               entry.keys);
  }
}

}  // namespace drawbridge::net

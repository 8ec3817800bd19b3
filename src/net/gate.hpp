#pragma once

#include "auth/jwt.hpp"
#include "auth/key_file.hpp"
#include "auth/password_file.hpp"
#include "auth/token_file.hpp"
#include "config/load.hpp"
#include "net/forward_gate.hpp"
#include "net/log.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace drawbridge::net {

// The credentials that a route asks for, with the keys that they are checked by.
class Gate {
 public:
  using Jwt = std::unique_ptr<auth::KeyFile<auth::JwtVerifier>>;
  using InlineJwt = std::shared_ptr<const auth::JwtVerifier>;
  using Tokens = std::unique_ptr<auth::KeyFile<auth::TokenFile>>;
  using Passwords = std::unique_ptr<auth::KeyFile<auth::PasswordFile>>;
  using Forward = std::shared_ptr<ForwardGate>;
  struct Certificate {};

  struct Entry {
    config::Auth settings;
    std::variant<Jwt, InlineJwt, Tokens, Passwords, Forward, Certificate> keys;
  };

  // Null if the route asks for none, or if something cannot be used: then `errors` got it.
  static std::shared_ptr<Gate> make(const config::Route& route, const std::string& credentials_directory,
                                    std::vector<config::Diagnostic>& errors);

  // The cheapest first, otherwise in the order of the configuration.
  const std::vector<Entry>& entries() const { return entries_; }
  // What a 401 says in WWW-Authenticate (RFC 9110 §11.6.1).
  const std::string& challenge() const { return challenge_; }

  // Reads again what has changed, and logs it. On the control thread.
  void refresh(Log& log);
  // Each file of keys: its path, and whether what it said last is in force. On the control thread.
  void for_each_file(const std::function<void(const std::string&, bool)>& look) const;

 private:
  std::string route_;
  std::vector<Entry> entries_;
  std::string challenge_;
};

}  // namespace drawbridge::net

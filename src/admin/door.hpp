#pragma once

#include "admin/message.hpp"
#include "config/config.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace drawbridge::admin {

// What stands between an address that browsers can reach and the operators' requests. Without it any page could speak
// to the daemon of whoever looks at it: by a name that resolves to the loopback address, or by a form.
class Door {
 public:
  // Fewest characters of a token: what cannot be guessed needs them.
  static constexpr std::size_t shortest_token = 32;

  // Null, and `why`, if the file of the token is no good.
  static std::shared_ptr<const Door> make(const config::AdminListener& listener,
                                          const std::string& credentials_directory, std::string& why);

  bool is_unix() const { return is_unix_; }

  // The fields as sent; empty if they are missing.
  struct Fields {
    std::string_view host;
    std::string_view origin;
    std::string_view authorization;
  };
  // Absent: he may. `address`: what he connected to, as host:port; not used of a Unix socket. `open`: what he asks for
  // tells nothing that is secret, and needs no token.
  std::optional<Response> refusal(const Fields& fields, std::string_view address, bool open) const;

 private:
  bool is_ours(std::string_view host, std::string_view address) const;

  bool is_unix_ = false;
  std::string token_;  // empty: none is asked for
  std::vector<std::string> hosts_;
};

// Where the door of a listener stands. A reload puts another one there, also for who came in by the one before: it is
// asked at each request.
using Doorway = std::shared_ptr<const Door>;

}  // namespace drawbridge::admin

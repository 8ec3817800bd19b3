#include "base/log_record.hpp"
#include "config/bind.hpp"
#include "config/sections.hpp"

#include <charconv>

#include <fmt/format.h>

namespace drawbridge::config {

void read_bind(Reading& reading, const Field& field, Bind& bind) {
  const auto text = read_text(reading, field, "an address with a port, unix:/path or systemd:NAME");
  if (!text) return;
  std::string why;
  if (auto parsed = parse_bind(*text, reading.directory, why)) {
    parsed->mode = bind.mode;
    bind = *std::move(parsed);
  } else {
    reading.report.error(field.value.position, "`bind` " + why);
  }
}

void read_mode(Reading& reading, const Field& field, Bind& bind) {
  const Form<unsigned> octal{"octal permissions such as 0660",
                             [](std::string_view text) {
                               unsigned mode = 0;
                               const char* const last = text.data() + text.size();
                               const auto [end, error] = std::from_chars(text.data(), last, mode, 8);
                               const bool right = error == std::errc{} && end == last && mode <= 0777;
                               return right ? std::optional(mode) : std::nullopt;
                             },
                             {}};
  if (const auto mode = read_value(reading, field, octal)) bind.mode = *mode;
}

Written write_bind(const Bind& bind) {
  return Written(bind.text());
}

Written write_mode(const Bind& bind) {
  return bind.kind == Bind::Kind::unix_socket ? Written(fmt::format("{:04o}", bind.mode)) : Written();
}

void claim_bind(Reading& reading, const Node& node, const Bind& bind) {
  if (node.find("mode") != nullptr && bind.kind != Bind::Kind::unix_socket) {
    reading.report.error(position_of(node, "mode"), "`mode` is only for the file of a unix: socket");
  }
  const Position& position = position_of(node, "bind");
  for (const auto& [other, where] : reading.claims.binds) {
    if (!collide(bind, other)) continue;
    reading.report.error(position, fmt::format("`{}` is already taken by `{}` on {}", printable(bind.text()),
                                               printable(other.text()), place(where, position)));
    return;
  }
  reading.claims.binds.emplace_back(bind, position);
}

}  // namespace drawbridge::config

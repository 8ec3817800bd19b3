#include "base/log_record.hpp"
#include "base/text.hpp"
#include "config/sections.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

// Only the daemon's own user, and root.
constexpr unsigned private_socket = 0600;

void read_hosts(Reading& reading, const Field& field, AdminListener& listener) {
  constexpr std::string_view what = "a host as browsers send it, such as bridge.example.org:8443";
  const auto* const items = read_list(reading, field, "a list of hosts such as [ \"bridge.example.org\" ]");
  if (items == nullptr) return;
  for (const NodePtr& item : *items) {
    const Field entry{field.key, *item, true};
    const auto host = read_text(reading, entry, what);
    if (!host) continue;
    const bool right = !host->empty() && std::all_of(host->begin(), host->end(), [](char c) {
      return is_alnum(c) || std::string_view("-._:[]").find(c) != std::string_view::npos;
    });
    if (!right) {
      expected(reading, entry, what);
    } else {
      listener.hosts.push_back(to_lower(*host));
    }
  }
}

}  // namespace

Keys<AdminListener> admin_keys() {
  return {
      {"bind",
       [](Reading& reading, const Field& field, AdminListener& out) {
         out.bind.mode = private_socket;
         read_bind(reading, field, out.bind);
       },
       [](const AdminListener& from) { return write_bind(from.bind); },
       "where `drawbridge ctl` finds the daemon, such as unix:/run/drawbridge/admin.sock"},
      {"mode", [](Reading& reading, const Field& field, AdminListener& out) { read_mode(reading, field, out.bind); },
       [](const AdminListener& from) { return write_mode(from.bind); }},
      file("token", &AdminListener::token, {}, "file with a token"),
      {"hosts", read_hosts, [](const AdminListener& from) { return write_texts(from.hosts); }},
      boolean("plaintext", &AdminListener::plaintext),
  };
}

void check_admin(Reading& reading, const Node& node, const AdminListener& listener) {
  const Bind& bind = listener.bind;
  const bool has_bind = !bind.host.empty() || !bind.path.empty() || !bind.name.empty();
  if (!has_bind) return;
  const bool is_local = bind.kind == Bind::Kind::unix_socket;
  if (!is_local && node.find("token") == nullptr) {
    reading.report.error(position_of(node, "bind"),
                         fmt::format("`{}` needs `token`, a file that holds the bearer token of those who may ask",
                                     printable(bind.text())));
  }
  const bool reachable =
      bind.kind == Bind::Kind::systemd || (bind.kind == Bind::Kind::tcp && !bind.loopback() && !bind.host.empty());
  if (reachable && !listener.plaintext) {
    reading.report.error(position_of(node, "bind"),
                         fmt::format("`{}` may be reachable from other machines, and would show the token to the "
                                     "network: bind it to 127.0.0.1, behind a proxy with TLS, or say `plaintext: true`",
                                     printable(bind.text())));
  }
  if (is_local && node.find("hosts") != nullptr) {
    reading.report.error(position_of(node, "hosts"), "`hosts` is for addresses that browsers reach, not unix: sockets");
  }
  claim_bind(reading, node, bind);
}

}  // namespace drawbridge::config

#pragma once

#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace drawbridge::testing {

inline constexpr std::string_view secret = "nobody may read this";

// A folder as somebody might make it, and what lies around it.
class Site {
 public:
  Site() {
    write("outside", secret);
    std::filesystem::create_directories(at("www/css"));
    std::filesystem::create_directories(at("www/.git"));
    std::filesystem::create_directories(at("www/v2"));
    write("www/index.html", "<h1>the page</h1>");
    write("www/page.js", "export {}");
    write("www/css/page.css", "body {}");
    write("www/v2/index.html", "<h1>version 2</h1>");
    write("www/.git/config", secret);
    write("www/.htpasswd", secret);
    write("www/two words.txt", "two words");
    write("www/empty", "");
    std::filesystem::create_symlink("../outside", at("www/out"));
    std::filesystem::create_symlink(at("outside"), at("www/absolute"));
    std::filesystem::create_symlink("..", at("www/up"));
    std::filesystem::create_symlink("v2", at("www/current"));
    std::filesystem::create_symlink("/proc/self/environ", at("www/environ"));
    std::filesystem::create_symlink("loop", at("www/loop"));
    ::mkfifo(at("www/fifo").c_str(), 0600);
  }

  std::string at(std::string_view name) const { return directory_.path(name); }
  void write(std::string_view name, std::string_view content) const { directory_.write(name, content); }
  std::string www() const { return at("www"); }

 private:
  TemporaryDirectory directory_;
};

inline std::string listener_with(const std::string& web, std::string_view more = {}) {
  return "  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: server.crt, key: server.key } ] }, web: " + web +
         std::string(more) + " }\n";
}

inline std::string files_route(std::string_view name, std::string_view path, const std::string& web,
                               std::string_view more = {}) {
  return "  - { name: " + std::string(name) + ", path: " + std::string(path) + ", web: " + web + std::string(more) +
         " }\n";
}

inline std::string text_of_request(std::string_view path, std::string_view fields = {},
                                   std::string_view method = "GET") {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: bridge.test\r\n" + std::string(fields) +
         "\r\n";
}

inline Answer get(RawClient& client, std::string_view path, std::string_view fields = {}) {
  client.send(text_of_request(path, fields));
  return client.read_answer();
}

inline Answer get(Daemon& daemon, std::string_view path, std::string_view fields = {}) {
  RawClient client(daemon.port());
  return get(client, path, fields);
}

// The head alone, as text.
inline std::string head_of(RawClient& client, std::string_view path, std::string_view fields = {}) {
  client.send(text_of_request(path, fields, "HEAD"));
  return client.wire().read_until("\r\n\r\n");
}

}  // namespace drawbridge::testing

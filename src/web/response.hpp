#pragma once

#include "config/config.hpp"
#include "ws/upgrade.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::web {

// What the disk says of a file that is there.
struct File {
  std::string name;           // relative to its folder, as it was asked for
  std::uint64_t size = 0;     // bytes of what is sent: of the compressed one, if it is that
  std::int64_t modified = 0;  // seconds since 1970
  std::uint64_t version = 0;  // another one after every change
  std::string coding{};       // "br" or "gzip" if a compressed copy is sent; empty: the file itself
  bool has_copies = false;    // there are compressed copies, sent or not
};

// An answer, without the fields that are the connection's business (Date, Connection).
struct Response {
  struct Field {
    std::string_view name;
    std::string value;
  };
  std::uint16_t status = 200;
  std::vector<Field> fields;
  std::string text;         // the body, if it is not of the file
  std::uint64_t first = 0;  // the body's place in the file
  std::uint64_t size = 0;   // bytes of the body; 0 for a HEAD too
};

// 200, 206, 304, 412 or 416. `request`: a GET or HEAD for that file.
Response respond(const ws::Request& request, const File& file, const config::Web& web);
// Nothing is served there.
Response not_found(const ws::Request& request, const config::Web& web);
// Something may be there, and cannot be read.
Response unreadable(const ws::Request& request, const config::Web& web);
// The folder itself, of which `path` lacks the slash: 308 to where it has one.
Response moved(const ws::Request& request, std::string_view path, std::string_view query, const config::Web& web);

}  // namespace drawbridge::web

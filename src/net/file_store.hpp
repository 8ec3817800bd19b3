#pragma once

#include "net/descriptor.hpp"
#include "web/response.hpp"

#include <cstdint>
#include <string>

namespace drawbridge::net {

// These wait for the disk: they are for its thread (net/disk).

// What there is by a name.
struct Found {
  enum class Kind : std::uint8_t { nothing, folder, file, failed };
  Kind kind = Kind::nothing;
  Descriptor descriptor{};  // of a file: open for reading
  web::File file{};
  int error = 0;  // of what failed: errno
};

struct Codings {
  bool br = false;
  bool gzip = false;
};

// Opens a file beneath `directory`, by a name that web::file_name made: symbolic links are followed as long as they
// stay there. Instead of a file that has a compressed copy beside it, NAME.br or NAME.gz, which is not older, that is
// opened if its coding is among the accepted ones.
Found find_file(const std::string& directory, const std::string& name, const Codings& accepted);

// Up to `size` bytes of an open file from `first` on; fewer only at its end, none if it cannot be read.
std::string read_file(const Descriptor& file, std::uint64_t first, std::size_t size);

}  // namespace drawbridge::net

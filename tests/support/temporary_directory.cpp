#include "support/temporary_directory.hpp"

#include <fstream>
#include <stdexcept>

#include <stdlib.h>

namespace drawbridge::testing {

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "drawbridge-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(std::string_view name, std::string_view content) const {
  const std::string result = path(name);
  std::ofstream(result, std::ios::binary) << content;
  std::filesystem::permissions(result, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return result;
}

}  // namespace drawbridge::testing

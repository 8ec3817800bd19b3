#pragma once

#include "config/load.hpp"

#include <map>
#include <string>
#include <vector>

namespace drawbridge::config {

// Collects what is wrong while reading goes on; told in the order of files and positions.
class Report {
 public:
  // Files are told in the order of their first mention.
  void begin_file(const std::string& file);
  void error(const Position& position, std::string message);
  void warning(const Position& position, std::string message);

  std::size_t errors() const { return errors_; }
  std::vector<Diagnostic> sorted() &&;

 private:
  std::vector<Diagnostic> diagnostics_;
  std::map<std::string, std::size_t> order_;
  std::size_t errors_ = 0;
};

// "line 3", or "line 3 of other.yaml" as seen from a message about another file.
std::string place(const Position& position, const Position& seen_from);

}  // namespace drawbridge::config

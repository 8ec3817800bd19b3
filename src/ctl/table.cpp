#include "ctl/table.hpp"

#include "base/log_record.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace drawbridge::ctl {

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const std::string& cell : row) line.push_back(cell.empty() ? "-" : printable(cell));
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const auto& line : cells) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i) text += fmt::format("{:{}}  ", line[i], widths[i]);
    if (!line.empty()) text += line.back();
    text += '\n';
  }
  return text;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.1f}{}", size, units.at(unit));
}

std::string time_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(seconds, 0.0));
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3'600) return fmt::format("{}m{}s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{}h{}m", whole / 3'600, whole % 3'600 / 60);
  return fmt::format("{}d{}h", whole / 86'400, whole % 86'400 / 3'600);
}

}  // namespace drawbridge::ctl

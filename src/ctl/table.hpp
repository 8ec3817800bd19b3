#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drawbridge::ctl {

// Lines in columns as wide as their widest cell. What came from the network is escaped: it may aim at the terminal.
std::string table(const std::vector<std::vector<std::string>>& rows);

std::string size_text(std::uint64_t bytes);  // "512B", "1.5MiB"
std::string time_text(double seconds);       // "8s", "3m12s", "5h3m", "2d4h"

}  // namespace drawbridge::ctl

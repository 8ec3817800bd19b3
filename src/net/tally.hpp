#pragma once

#include "base/reason.hpp"
#include "net/splice.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace drawbridge::net {

// Events by reason.
class ReasonCounts {
 public:
  void count(Reason reason) { ++counts_[static_cast<std::size_t>(reason)]; }
  std::uint64_t of(Reason reason) const { return counts_[static_cast<std::size_t>(reason)]; }
  void add(const ReasonCounts& other);

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(Reason::pending_full) + 1> counts_{};
};

// How many of what was measured were at most as large as each of `bounds`, which rise. The last place counts all.
template <const auto& bounds>
class Histogram {
 public:
  void count(double value) {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      if (value <= bounds[i]) ++counts_[i];
    }
    ++counts_.back();
    sum_ += value;
  }
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
  }
  const std::array<std::uint64_t, bounds.size() + 1>& counts() const { return counts_; }
  double sum() const { return sum_; }
  // What half of them did not exceed, as if they lay evenly between two bounds: as rough as the bounds are. The last
  // bound if it lies beyond, 0 if there is none.
  double median() const {
    const double half = static_cast<double>(counts_.back()) / 2;
    double below = 0;
    double from = 0;
    for (std::size_t i = 0; i < bounds.size() && half > 0; ++i) {
      const auto up_to = static_cast<double>(counts_[i]);
      if (up_to >= half) return from + (bounds[i] - from) * (half - below) / (up_to - below);
      below = up_to;
      from = bounds[i];
    }
    return from;
  }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};
  double sum_ = 0;
};

// In seconds.
inline constexpr std::array session_bounds{1.0, 10.0, 60.0, 600.0, 3'600.0, 21'600.0, 86'400.0, 604'800.0};
inline constexpr std::array dial_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};

// What came to one route.
struct RouteTally {
  std::uint64_t opened = 0;
  ReasonCounts ends;  // of sessions
  ReasonCounts refusals;
  ReasonCounts would_refuse;  // what is told but not enforced
  Counts ended;               // what sessions carried that are over
  std::uint64_t sessions = 0;
  Counts running;  // what those carried that are not, when somebody looked last
  Histogram<dial_bounds> dials;

  void add(const RouteTally& other);
};

// What one thread counted since the daemon started: plain numbers, which belong to it. It grows with the names of
// routes that were ever configured, and with nothing that a client says.
struct Tally {
  std::map<std::string, RouteTally, std::less<>> routes;  // by name; "": what was refused before it had one
  std::map<std::string, std::uint64_t, std::less<>> handshakes{{"TLSv1.2", 0}, {"TLSv1.3", 0}};
  ReasonCounts handshake_failures;
  Histogram<session_bounds> durations;           // of sessions
  std::map<std::uint16_t, std::uint64_t> files;  // answers to requests for files, by their status
  std::uint64_t files_broken_off = 0;            // of those answers: they did not come to their end
  std::uint64_t file_bytes = 0;                  // of files, that were sent

  // It stays where it is.
  RouteTally& route(std::string_view name);
  void add(const Tally& other);
};

void add(Counts& counts, const Counts& more);

}  // namespace drawbridge::net

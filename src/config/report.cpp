#include "config/report.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace drawbridge::config {

std::string Diagnostic::text() const {
  std::string where = position.file;
  if (position.line > 0) where += fmt::format(":{}:{}", position.line, position.column);
  if (!where.empty()) where += ": ";
  return where + (severity == Severity::warning ? "warning: " : "") + message;
}

void Report::begin_file(const std::string& file) {
  order_.try_emplace(file, order_.size());
}

void Report::error(const Position& position, std::string message) {
  begin_file(position.file);
  ++errors_;
  diagnostics_.push_back({Diagnostic::Severity::error, position, std::move(message)});
}

void Report::warning(const Position& position, std::string message) {
  begin_file(position.file);
  diagnostics_.push_back({Diagnostic::Severity::warning, position, std::move(message)});
}

std::vector<Diagnostic> Report::sorted() && {
  const auto key = [this](const Diagnostic& diagnostic) {
    const Position& position = diagnostic.position;
    return std::tuple(order_.at(position.file), position.line, position.column);
  };
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  // A value that stands in several places through an alias is faulty once.
  const auto same = [&](const Diagnostic& a, const Diagnostic& b) {
    return key(a) == key(b) && a.message == b.message;
  };
  diagnostics_.erase(std::unique(diagnostics_.begin(), diagnostics_.end(), same), diagnostics_.end());
  return std::move(diagnostics_);
}

std::string place(const Position& position, const Position& seen_from) {
  if (position.file == seen_from.file) return fmt::format("line {}", position.line);
  return fmt::format("line {} of {}", position.line, position.file);
}

}  // namespace drawbridge::config

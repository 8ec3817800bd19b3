#pragma once

#include "net/tally.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace drawbridge::daemon {

// A page of metrics as it is written: a family, then its series, then the next family.
class MetricFamilies {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  // Begins a family. Its name and help stand on the page also if it has no series.
  MetricFamilies& gauge(std::string name, std::string help);
  MetricFamilies& counter(std::string name, std::string help);
  MetricFamilies& histogram(std::string name, std::string help);

  // A series of the family that was begun last, with labels that no other of it has.
  template <class Number>
  void put(Number value, Labels labels = {}) {
    put_number(static_cast<double>(value), std::move(labels));
  }
  template <const auto& bounds>
  void put(const net::Histogram<bounds>& histogram, Labels labels = {}) {
    prometheus::ClientMetric& metric = begin_series(std::move(labels));
    metric.histogram.sample_count = histogram.counts().back();
    metric.histogram.sample_sum = histogram.sum();
    for (std::size_t i = 0; i < bounds.size(); ++i)
      metric.histogram.bucket.push_back({histogram.counts()[i], bounds[i]});
  }
  // One for each reason that occurred.
  void put(const net::ReasonCounts& counts, const Labels& labels = {});

  // Text format 0.0.4.
  std::string text() const;

 private:
  MetricFamilies& begin(prometheus::MetricType type, std::string name, std::string help);
  prometheus::ClientMetric& begin_series(Labels labels);
  void put_number(double value, Labels labels);

  std::vector<prometheus::MetricFamily> all_;
};

}  // namespace drawbridge::daemon

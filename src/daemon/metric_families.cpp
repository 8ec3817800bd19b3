#include "daemon/metric_families.hpp"

#include <prometheus/text_serializer.h>

namespace drawbridge::daemon {

using prometheus::MetricType;

MetricFamilies& MetricFamilies::gauge(std::string name, std::string help) {
  return begin(MetricType::Gauge, std::move(name), std::move(help));
}

MetricFamilies& MetricFamilies::counter(std::string name, std::string help) {
  return begin(MetricType::Counter, std::move(name), std::move(help));
}

MetricFamilies& MetricFamilies::histogram(std::string name, std::string help) {
  return begin(MetricType::Histogram, std::move(name), std::move(help));
}

void MetricFamilies::put(const net::ReasonCounts& counts, const Labels& labels) {
  for (const ReasonInfo& row : reasons()) {
    if (counts.of(row.reason) == 0) continue;
    Labels all{{"reason", std::string(row.word)}};
    all.insert(all.end(), labels.begin(), labels.end());
    put(counts.of(row.reason), std::move(all));
  }
}

std::string MetricFamilies::text() const {
  return prometheus::TextSerializer().Serialize(all_);
}

MetricFamilies& MetricFamilies::begin(MetricType type, std::string name, std::string help) {
  all_.push_back({std::move(name), std::move(help), type, {}});
  return *this;
}

prometheus::ClientMetric& MetricFamilies::begin_series(Labels labels) {
  prometheus::ClientMetric& metric = all_.back().metric.emplace_back();
  metric.label = std::move(labels);
  return metric;
}

void MetricFamilies::put_number(double value, Labels labels) {
  prometheus::ClientMetric& metric = begin_series(std::move(labels));
  if (all_.back().type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

}  // namespace drawbridge::daemon

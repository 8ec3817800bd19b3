// The daemon's own work in time, on this machine: `./dev bench --micro`, with Google Benchmark's arguments.

#include "micro/works.hpp"

#include <benchmark/benchmark.h>

int main(int count, char** arguments) {
  for (const bench::Work& work : bench::works()) {
    benchmark::RegisterBenchmark(work.name.c_str(), [work](benchmark::State& state) {
      for ([[maybe_unused]] auto _ : state) work.run();
      state.counters["per " + work.item] =
          benchmark::Counter(static_cast<double>(state.iterations()) * work.items,
                             benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    });
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

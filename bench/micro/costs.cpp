// Repeats one piece of the daemon's own work, for bench/costs to count its instructions:
//   bench_costs            lists them: name, item, items in one run
//   bench_costs NAME N     runs it once to warm up, then N times; prints the allocations of these

#include "micro/works.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

std::uint64_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

int main(int count, char** arguments) {
  for (const bench::Work& work : bench::works()) {
    if (count < 3) {
      std::printf("%s %s %g\n", work.name.c_str(), work.item.c_str(), work.items);
    } else if (work.name == arguments[1]) {
      work.run();
      const std::uint64_t before = allocations;
      for (int i = std::atoi(arguments[2]); i > 0; --i) work.run();
      std::printf("%llu\n", static_cast<unsigned long long>(allocations - before));
      return 0;
    }
  }
  return count < 3 ? 0 : 2;
}

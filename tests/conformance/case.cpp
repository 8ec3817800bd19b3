#include "conformance/case.hpp"

namespace drawbridge::conformance {

std::string fragmented(Op type, std::string_view payload, std::size_t size) {
  std::string bytes;
  for (std::size_t at = 0; at == 0 || at < payload.size(); at += size) {
    const bool fin = payload.size() - at <= size;
    bytes += testing::frame(at == 0 ? type : Op::continuation, payload.substr(at, size), {.fin = fin});
  }
  return bytes;
}

std::string repeated(std::string_view pattern, std::size_t size) {
  std::string result;
  result.reserve(size + pattern.size());
  while (result.size() < size) result += pattern;
  result.resize(size);
  return result;
}

}  // namespace drawbridge::conformance

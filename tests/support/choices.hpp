#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <span>

namespace drawbridge::testing {

// What decides in a story that is not written down: chance, or the bytes of a fuzz input.
class Choices {
 public:
  virtual ~Choices() = default;

  // 0..n-1.
  virtual std::size_t below(std::size_t n) = 0;
  // Every further choice is 0.
  virtual bool exhausted() const = 0;

  // Never once exhausted, unless n is 1.
  bool one_in(std::size_t n) { return below(n) == n - 1; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return *(values.begin() + below(values.size()));
  }
  // 0..most, mostly small.
  std::size_t size(std::size_t most) {
    const std::size_t halvings = below(16);
    return below(1 + (most >> halvings));
  }
};

class SeededChoices final : public Choices {
 public:
  explicit SeededChoices(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) override { return random_() % n; }
  bool exhausted() const override { return false; }

 private:
  std::mt19937 random_;
};

// As few bytes a choice as it needs, so that a changed byte changes one thing.
class WrittenChoices final : public Choices {
 public:
  explicit WrittenChoices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::size_t below(std::size_t n) override {
    std::size_t chosen = 0;
    for (std::size_t most = n - 1; most > 0; most >>= 8U) {
      chosen = chosen << 8U | (bytes_.empty() ? 0 : bytes_.front());
      bytes_ = bytes_.subspan(bytes_.empty() ? 0 : 1);
    }
    return chosen % n;
  }
  bool exhausted() const override { return bytes_.empty(); }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace drawbridge::testing

#pragma once

#include "policy/limiter.hpp"

namespace drawbridge::policy {

inline Address v4(std::uint32_t number) {
  Address address;
  address.bytes[10] = address.bytes[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i) address.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return address;
}

inline Address v6(std::uint64_t high, std::uint64_t low = 1) {
  Address address;
  for (std::size_t i = 0; i < 8; ++i) {
    address.bytes[7 - i] = static_cast<std::uint8_t>(high >> (8 * i));
    address.bytes[15 - i] = static_cast<std::uint8_t>(low >> (8 * i));
  }
  return address;
}

}  // namespace drawbridge::policy

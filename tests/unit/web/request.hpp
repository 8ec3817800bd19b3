#pragma once

#include "ws/upgrade.hpp"

#include <vector>

namespace drawbridge::web {

inline ws::Request get(std::vector<ws::Field> fields = {}) {
  ws::Request request;
  request.method = "GET";
  request.target = "/";
  request.fields = std::move(fields);
  return request;
}

}  // namespace drawbridge::web

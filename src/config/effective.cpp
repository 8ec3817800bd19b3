#include "config/effective.hpp"

#include "config/sections.hpp"

namespace drawbridge::config {

boost::json::object effective(const Config& config) {
  return write_mapping(main_keys(), config);
}

}  // namespace drawbridge::config

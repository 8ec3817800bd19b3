#pragma once

#include "config/config.hpp"

#include <boost/json/object.hpp>

namespace drawbridge::config {

// The configuration with everything that stands there by default, as `load` would read it: keys as in the reference,
// paths absolute, includes in their place. What may hold a secret stands as "hidden": an inline key set, the query of a
// URL. Secrets in files are no part of it.
boost::json::object effective(const Config& config);

}  // namespace drawbridge::config

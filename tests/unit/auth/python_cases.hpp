#pragma once

#include "auth/principal.hpp"
#include "config/config.hpp"

#include <string>

#include <boost/json/object.hpp>

namespace drawbridge::auth {

// What make_tokens.py printed, once a process.
const boost::json::object& python_cases();

UnixSeconds python_now();

std::string text(const boost::json::object& object, std::string_view name);

// The verifier's configuration that a case asks for; its keys stand in `keys`.
config::JwtAuth configuration_of(const boost::json::object& test_case);

}  // namespace drawbridge::auth

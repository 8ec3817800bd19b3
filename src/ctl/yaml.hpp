#pragma once

#include <string>

#include <boost/json/object.hpp>

namespace drawbridge::ctl {

// The object in YAML's block style, for people. Lists hold either scalars or mappings.
std::string yaml(const boost::json::object& object);

}  // namespace drawbridge::ctl

#pragma once

#include "support/process.hpp"

#include <stdexcept>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace drawbridge::testing {

// Keys and tokens that other libraries made (make_tokens.py), once a process.
inline const boost::json::object& made() {
  static const boost::json::object all = [] {
    const Run python = run({"/usr/bin/python3", DRAWBRIDGE_TESTS_DIR "/make_tokens.py"});
    if (python.code != 0) throw std::runtime_error(python.error);
    return boost::json::parse(python.output).as_object();
  }();
  return all;
}
inline std::string token(const std::string& name) {
  return std::string(made().at("tokens").as_object().at(name).as_string());
}

}  // namespace drawbridge::testing

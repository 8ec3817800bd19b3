#pragma once

#include "base/reason.hpp"

#include <stdexcept>
#include <string>

#include <boost/system/result.hpp>

namespace drawbridge {

// A value, or the reason of the one table why there is none.
template <class T>
using Result = boost::system::result<T, Reason>;

// Found by argument-dependent look-up when .value() is called on a result that holds an error: a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(Reason reason, const boost::source_location& /*where*/) {
  throw std::logic_error("unchecked result: " + std::string(word(reason)));
}

}  // namespace drawbridge

#pragma once

#include "ctl/screen.hpp"

#include <vector>

#include <boost/json/object.hpp>

namespace drawbridge::ctl {

// What the daemon said at one moment.
struct Look {
  boost::json::object overview;
  boost::json::object sessions;  // a page of them; none if they are too many to be looked at each time
};

// `now` in lines, with what changed since `before`; without rates if there was none, or if it was another daemon's.
std::vector<Line> top_view(const Look& before, const Look& now);

}  // namespace drawbridge::ctl

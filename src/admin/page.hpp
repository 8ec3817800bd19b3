#pragma once

#include "admin/message.hpp"

#include <optional>
#include <string_view>

namespace drawbridge::admin {

// A file of the live page, which shows a browser what the daemon does: it holds nothing of this daemon, and asks for
// everything with the token. "" is the page itself; none: there is no file of that name.
std::optional<Response> page_file(std::string_view name);

}  // namespace drawbridge::admin

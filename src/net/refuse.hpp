#pragma once

#include "net/opening_state.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::net {

// The line of a refusal; `code_key` says what `code` is: "status" (0: nothing could be said) or "code", of a Close
// frame. `detail`: more about the reason, where no request came.
void log_refusal(Opening& opening, Reason reason, std::string_view code_key, std::uint16_t code,
                 std::string_view detail = {});
// What would have refused it, if it were enforced.
void log_would_refuse(Opening& opening, Reason reason, std::string_view rule, std::string_view detail = {});

// Sends the last words and closes so that they arrive: shut, then discard what still comes for a while.
Task<> part(Opening& opening, End& end, std::string words);

// A refusal that nobody can be told.
void give_up(Opening& opening, Reason reason, std::string_view detail = {});
Task<> refuse(Opening& opening, Reason reason, unsigned retry_after);
// Where the route wants it so: a 101 and a Close frame, which JavaScript can read.
Task<> refuse_in_close_frame(Opening& opening, Reason reason, unsigned retry_after);
// A refusal after admission, told in the way of its route. `retry_after`: seconds; absent: what is usual for the
// reason.
Task<> refuse_late(Opening& opening, Reason reason, std::optional<unsigned> retry_after = {});

}  // namespace drawbridge::net

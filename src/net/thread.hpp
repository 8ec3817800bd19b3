#pragma once

namespace drawbridge::net {

// What a thread of ours does first: takes a name, at most 15 bytes, for whoever looks at it from outside, and leaves
// the daemon's signals to the control thread.
void begin_thread(const char* name);

}  // namespace drawbridge::net

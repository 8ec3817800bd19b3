#pragma once

#include <openssl/bio.h>

namespace drawbridge::net {

// What a BIO needs to know of its socket, and what it found out.
struct BioSocket {
  int fd = -1;
  bool drained = false;        // the last read took all that was there
  bool lacked_memory = false;  // the last write failed for want of memory in the kernel
  bool more_follows = false;   // for whoever writes: the kernel may wait for what follows, to send both at once
};

// A BIO over a non-blocking socket that it does not own: recv and send with MSG_NOSIGNAL, and nothing else. `socket`
// must outlive it. Null if memory is short.
BIO* new_socket_bio(BioSocket& socket);

}  // namespace drawbridge::net

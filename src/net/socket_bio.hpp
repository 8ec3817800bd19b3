#pragma once

#include <openssl/bio.h>

namespace drawbridge::net {

// A BIO over a non-blocking socket that it does not own: recv and send with MSG_NOSIGNAL, and nothing else. Null if
// memory is short.
BIO* new_socket_bio(int fd);

}  // namespace drawbridge::net

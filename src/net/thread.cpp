#include "net/thread.hpp"

#include <csignal>
#include <initializer_list>

#include <pthread.h>

namespace drawbridge::net {

void begin_thread(const char* name) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::pthread_setname_np(::pthread_self(), name);
}

}  // namespace drawbridge::net

// A library for LD_PRELOAD: stands between the daemon and the C library, lets calls fail as call_control.hpp says, and
// shifts the clocks. Without DRAWBRIDGE_CALL_SWITCHES it does nothing.

#include "support/call_control.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace {

using drawbridge::testing::Call;
using drawbridge::testing::CallSwitches;

CallSwitches* switches = nullptr;

// The kernel's timers know nothing of a shifted clock: they ring that often, so that whoever waits looks at it.
constexpr long longest_timer_nanoseconds = 20'000'000;

__attribute__((constructor)) void find_switches() {
  const char* file = std::getenv("DRAWBRIDGE_CALL_SWITCHES");
  if (file == nullptr) return;
  const int descriptor = open(file, O_RDWR | O_CLOEXEC);
  void* memory = mmap(nullptr, sizeof(CallSwitches), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (memory != MAP_FAILED) switches = static_cast<CallSwitches*>(memory);
}

// The function that would have been called without this library.
template <class Function>
Function* next(Function*, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Counts a call; true if it is to fail, and errno says how.
bool fails(Call call) {
  if (switches == nullptr) return false;
  switches->calls[static_cast<std::size_t>(call)].fetch_add(1);
  if (switches->failing != call || switches->calls_until.fetch_sub(1) > 0) return false;
  if (switches->failures.fetch_sub(1) <= 0) return false;
  switches->failed.fetch_add(1);
  errno = switches->error;
  return true;
}

// A connection that was reset, or timed out, stays so.
void disconnect(int fd) {
  const int error = errno;
  if (error != ECONNRESET && error != ENOTCONN && error != EPIPE && error != ETIMEDOUT) return;
  const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  static auto* const real = next(&connect, "connect");
  real(fd, &nobody, sizeof nobody);
  errno = error;
}

constexpr std::int64_t second = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * second + time.tv_nsec;
}

void shift(timespec& time, std::int64_t by) {
  const std::int64_t sum = nanoseconds(time) + by;
  time.tv_sec = sum / second;
  time.tv_nsec = sum % second;
}

}  // namespace

#define NEXT(function) next(&(function), #function)

extern "C" {

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (fails(Call::accept)) return -1;
  static auto* const real = NEXT(accept4);
  return real(fd, address, size, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
  const bool failing = fails(Call::connect);
  if (failing && errno != EINTR) return -1;
  static auto* const real = NEXT(connect);
  const int result = real(fd, address, size);
  if (!failing) return result;
  errno = EINTR;  // it goes on nevertheless, connect(2)
  return -1;
}

int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (command == F_DUPFD_CLOEXEC && fails(Call::duplicate)) return -1;
  static auto* const real = NEXT(fcntl);
  return real(fd, command, argument);
}

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  if (fails(Call::getaddrinfo)) return switches->error;
  static auto* const real = NEXT(getaddrinfo);
  return real(node, service, hints, found);
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* size) noexcept {
  if (fails(Call::getsockopt)) return -1;
  static auto* const real = NEXT(getsockopt);
  return real(fd, level, option, value, size);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  if (fails(Call::open)) return -1;
  static auto* const real = NEXT(open);
  return real(path, flags, mode);
}

std::FILE* fopen(const char* path, const char* mode) {
  if (fails(Call::open)) return nullptr;
  static auto* const real = NEXT(fopen);
  return real(path, mode);
}

std::FILE* fopen64(const char* path, const char* mode) {
  if (fails(Call::open)) return nullptr;
  static auto* const real = NEXT(fopen64);
  return real(path, mode);
}

ssize_t recv(int fd, void* into, size_t size, int flags) {
  if (fails(Call::receive)) {
    disconnect(fd);
    return -1;
  }
  static auto* const real = NEXT(recv);
  return real(fd, into, size, flags);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  if (fails(Call::send)) {
    disconnect(fd);
    return -1;
  }
  static auto* const real = NEXT(send);
  return real(fd, bytes, size, flags);
}

int setsockopt(int fd, int level, int option, const void* value, socklen_t size) noexcept {
  if (fails(Call::setsockopt)) return -1;
  static auto* const real = NEXT(setsockopt);
  return real(fd, level, option, value, size);
}

int shutdown(int fd, int how) noexcept {
  if (fails(Call::shutdown)) {
    disconnect(fd);
    return -1;
  }
  static auto* const real = NEXT(shutdown);
  return real(fd, how);
}

int socket(int domain, int type, int protocol) noexcept {
  if (fails(Call::socket)) return -1;
  static auto* const real = NEXT(socket);
  return real(domain, type, protocol);
}

// Other changes of what is watched need nothing that could be lacking, epoll_ctl(2).
int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  if (operation == EPOLL_CTL_ADD && fails(Call::watch)) return -1;
  static auto* const real = NEXT(epoll_ctl);
  return real(epoll, operation, fd, event);
}

int epoll_wait(int epoll, epoll_event* events, int most, int milliseconds) {
  if (fails(Call::wait)) return -1;
  static auto* const real = NEXT(epoll_wait);
  return real(epoll, events, most, milliseconds);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  if (fd == STDERR_FILENO && fails(Call::write_log)) return -1;
  static auto* const real = NEXT(write);
  return real(fd, bytes, size);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const real = NEXT(clock_gettime);
  const int result = real(clock, time);
  if (result != 0 || switches == nullptr) return result;
  if (clock == CLOCK_REALTIME) shift(*time, switches->wall_nanoseconds);
  if (clock == CLOCK_MONOTONIC) shift(*time, switches->steady_nanoseconds);
  return result;
}

time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

int timerfd_settime(int fd, int flags, const itimerspec* wanted, itimerspec* old) noexcept {
  itimerspec time = *wanted;
  const bool rings = time.it_value.tv_sec != 0 || time.it_value.tv_nsec != 0;
  if (switches != nullptr && rings) {
    if ((flags & TFD_TIMER_ABSTIME) != 0) {
      timespec now{};
      clock_gettime(CLOCK_MONOTONIC, &now);
      shift(time.it_value, -nanoseconds(now));
      flags &= ~TFD_TIMER_ABSTIME;
    }
    time.it_value = {.tv_sec = 0, .tv_nsec = std::clamp(nanoseconds(time.it_value), 1L, longest_timer_nanoseconds)};
  }
  static auto* const real = NEXT(timerfd_settime);
  return real(fd, flags, &time, old);
}

}  // extern "C"

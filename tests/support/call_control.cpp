#include "support/call_control.hpp"

#include "support/wire.hpp"

#include <fstream>
#include <new>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace drawbridge::testing {
namespace {

// The address sanitizer must come before everything else; where it is a library, this process has it too.
std::string sanitizer_library() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/libasan.so") != std::string::npos) return line.substr(line.find('/'));
  }
  return {};
}

}  // namespace

CallControl::CallControl() : file_(directory_.write("switches", std::string(sizeof(CallSwitches), '\0'))) {
  const int descriptor = open(file_.c_str(), O_RDWR | O_CLOEXEC);
  void* memory = mmap(nullptr, sizeof(CallSwitches), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (memory == MAP_FAILED) throw std::runtime_error(os_error("mmap"));
  switches_ = new (memory) CallSwitches;
}

CallControl::~CallControl() {
  munmap(switches_, sizeof(CallSwitches));
}

ProcessOptions CallControl::options() const {
  std::string libraries = sanitizer_library();
  if (!libraries.empty()) libraries += ':';
  return {.environment = {"LD_PRELOAD=" + libraries + DRAWBRIDGE_FAILING_CALLS, "DRAWBRIDGE_CALL_SWITCHES=" + file_}};
}

void CallControl::fail(Call call, int error, std::int64_t calls_until, std::int64_t failures) {
  switches_->failing = Call::count_;
  switches_->error = error;
  switches_->calls_until = calls_until;
  switches_->failures = failures;
  switches_->failed = 0;
  switches_->failing = call;
}

std::uint64_t CallControl::stop_failing() {
  switches_->failing = Call::count_;
  return switches_->failed;
}

}  // namespace drawbridge::testing

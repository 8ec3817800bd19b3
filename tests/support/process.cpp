#include "support/process.hpp"

#include "support/temporary_directory.hpp"
#include "support/wire.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace drawbridge::testing {
namespace {

constexpr int first_inherited = 3;  // SD_LISTEN_FDS_START

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::vector<std::string> result = options.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!text.starts_with("NOTIFY_SOCKET=") && !text.starts_with("WATCHDOG_")) result.push_back(text);
  }
  if (!options.inherited.empty()) {
    std::string names;
    for (const auto& socket : options.inherited) names += (names.empty() ? "" : ":") + socket.first;
    result.push_back("LISTEN_FDS=" + std::to_string(options.inherited.size()));
    result.push_back("LISTEN_FDNAMES=" + names);
  }
  return result;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const ProcessOptions& options) {
  std::vector<std::string> arguments = command;
  if (!options.inherited.empty()) {
    // LISTEN_PID must be the daemon's own: the shell knows it, and becomes the daemon.
    arguments.insert(arguments.begin(), {"/bin/sh", "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""});
  }
  std::vector<std::string> variables = environment_of(options);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> variable_pointers = pointers(variables);
  const auto inherited_count = static_cast<int>(options.inherited.size());
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

  id_ = fork();
  if (id_ < 0) throw std::runtime_error(os_error("fork"));
  if (id_ == 0) {  // only async-signal-safe calls: the parent has threads
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_DFL);
    dup2(null, 0);
    dup2(options.standard_output >= 0 ? options.standard_output : null, 1);
    dup2(options.standard_error >= 0 ? options.standard_error : null, 2);
    constexpr int parked = 200;  // above every descriptor that is to be placed
    for (int i = 0; i < inherited_count; ++i) dup2(options.inherited[static_cast<std::size_t>(i)].second, parked + i);
    for (int i = 0; i < inherited_count; ++i) dup2(parked + i, first_inherited + i);
    close_range(static_cast<unsigned>(first_inherited + inherited_count), ~0U, 0);
    if (options.descriptors) {
      const rlimit limit{*options.descriptors, *options.descriptors};
      setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (options.file_size) {
      const rlimit limit{*options.file_size, *options.file_size};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    execve(argument_pointers[0], argument_pointers.data(), variable_pointers.data());
    _exit(127);
  }
  close(null);
  descriptor_ = static_cast<int>(syscall(SYS_pidfd_open, id_, 0));
}

Process::~Process() {
  if (running()) {
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  close(descriptor_);
}

void Process::signal(int number) const {
  if (!code_) kill(id_, number);
}

bool Process::running() {
  if (code_) return false;
  int status = 0;
  if (waitpid(id_, &status, WNOHANG | __WALL) != id_ || !(WIFEXITED(status) || WIFSIGNALED(status))) return true;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

int Process::wait(std::chrono::milliseconds most) {
  pollfd wait_for{descriptor_, POLLIN, 0};
  if (!code_ && poll(&wait_for, 1, static_cast<int>(most.count())) <= 0) throw Timeout("the process goes on running");
  while (running()) {
  }
  return *code_;
}

std::size_t Process::resident_bytes() const {
  std::istringstream fields(content("/proc/" + std::to_string(id_) + "/statm"));
  std::size_t total = 0;
  std::size_t resident = 0;
  fields >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t Process::open_descriptors() const {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(id_) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

double Process::cpu_seconds() const {
  const std::string stat = content("/proc/" + std::to_string(id_) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // state .. cmajflt, proc(5)
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

pid_t Process::thread(const std::string& name) const {
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(id_) + "/task")) {
    if (content(task.path() / "comm") == name + "\n") return std::stoi(task.path().filename());
  }
  return 0;
}

Run run(const std::vector<std::string>& command, const ProcessOptions& options, std::chrono::milliseconds most) {
  const TemporaryDirectory directory;
  const std::string output = directory.write("output", "");
  const std::string error = directory.write("error", "");
  ProcessOptions redirected = options;
  redirected.standard_output = open(output.c_str(), O_WRONLY | O_CLOEXEC);
  redirected.standard_error = open(error.c_str(), O_WRONLY | O_CLOEXEC);
  Process process(command, redirected);
  close(redirected.standard_output);
  close(redirected.standard_error);
  const int code = process.wait(most);
  return {code, content(output), content(error)};
}

}  // namespace drawbridge::testing

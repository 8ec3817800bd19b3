#include "ctl/screen.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace drawbridge::ctl {
namespace {

// ECMA-48, and the alternate screen and the cursor of xterm, which every terminal emulator has.
constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view to_first_row = "\x1b[H";
constexpr std::string_view clear_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

// A signal's handler has nothing else.
volatile std::sig_atomic_t resized = 0;
termios before{};
bool has_keys = false;

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return;
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

// Also in a signal's handler (signal-safety(7)).
void restore() {
  write_all(leave);
  if (has_keys) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

void restore_and_exit(int signal) {
  restore();
  ::_exit(signal == SIGINT ? 0 : 128 + signal);
}

void note_new_size(int /*signal*/) {
  resized = 1;
}

void on_signal(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

WindowSize window_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

// https://no-color.org
bool wants_colours() {
  const char* no = std::getenv("NO_COLOR");
  return no == nullptr || *no == '\0';
}

std::string_view sequence(Style style, bool coloured) {
  switch (style) {
    case Style::title: return bold;
    case Style::warning: return coloured ? yellow : bold;
    case Style::plain: break;
  }
  return "";
}

// Keys as they are typed, unseen. Ctrl-C is still a signal; what would stop or kill us with the terminal as it is now
// is none.
void take_keys() {
  has_keys = ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (!has_keys) return;
  termios mode = before;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  mode.c_cc[VSUSP] = _POSIX_VDISABLE;
  mode.c_cc[VQUIT] = _POSIX_VDISABLE;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

// Also if nobody is there to press it any more.
bool quitting_key() {
  char keys[64];
  const ssize_t count = ::read(STDIN_FILENO, keys, sizeof(keys));
  return count <= 0 || std::any_of(keys, keys + count, [](char key) { return key == 'q' || key == 'Q'; });
}

}  // namespace

std::string frame(const std::vector<Line>& lines, WindowSize size, bool coloured) {
  std::string text(to_first_row);
  const std::size_t rows = std::min(lines.size(), size.rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const Line& line = lines[row];
    const std::string_view style = sequence(line.style, coloured);
    // Before the text: behind a full row it would clear the last column.
    text.append(row == 0 ? "" : "\r\n").append(clear_line).append(style);
    text.append(line.text, 0, size.columns);
    if (!style.empty()) text += plain;
  }
  if (rows < size.rows) text.append("\r\n").append(clear_below);
  return text;
}

bool Screen::is_there() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

Screen::Screen() {
  take_keys();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) on_signal(signal, restore_and_exit);
  on_signal(SIGWINCH, note_new_size);
  write_all(enter);
}

Screen::~Screen() {
  restore();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) on_signal(signal, SIG_DFL);
}

void Screen::draw(const std::vector<Line>& lines) const {
  resized = 0;
  write_all(frame(lines, window_size(), wants_colours()));
}

Screen::Woken Screen::wait(Instant until) const {
  for (;;) {
    if (resized != 0) return Woken::by_new_size;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return Woken::by_time;
    pollfd keys{has_keys ? STDIN_FILENO : -1, POLLIN, 0};
    const int ready = ::poll(&keys, 1, static_cast<int>(left.count()));
    if (ready > 0 && quitting_key()) return Woken::by_quitting;
  }
}

}  // namespace drawbridge::ctl

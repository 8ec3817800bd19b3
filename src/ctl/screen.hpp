#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace drawbridge::ctl {

enum class Style : std::uint8_t { plain, title, warning };

// Of printable ASCII, so that a byte is a column.
struct Line {
  std::string text;
  Style style = Style::plain;
};

struct WindowSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

// What makes a terminal show the lines from its first row on, and nothing else: what does not fit is cut.
std::string frame(const std::vector<Line>& lines, WindowSize size, bool coloured);

// The whole terminal, from its construction until its end. However the process ends by a signal that a terminal or an
// operator sends, the terminal is as it was before; Ctrl-C is a way to leave, and exits with 0.
class Screen {
 public:
  // Whether standard output is a terminal that can be drawn on.
  static bool is_there();

  // There must not be two.
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void draw(const std::vector<Line>& lines) const;

  enum class Woken : std::uint8_t { by_time, by_new_size, by_quitting };
  // Until then, or until something else comes first: a key that quits (q), or another size of the window.
  Woken wait(Instant until) const;
};

}  // namespace drawbridge::ctl

#pragma once

#include "daemon/question.hpp"

#include <string>

namespace drawbridge::daemon {

struct ExplainOptions {
  std::string config;
  Question question;
  std::string batch;  // a file with a question a line (parse_question), "-" for stdin; empty: `question`
  bool ask = false;   // authentication services are really asked
  bool json = false;
};

// `drawbridge explain`: prints what would happen to a request, or to each of a batch. The exit code: 0 all are
// admitted, 1 one is refused or undecided, 2 a question or the configuration is wrong.
int explain(const ExplainOptions& options);

}  // namespace drawbridge::daemon

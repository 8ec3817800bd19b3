#include "daemon/explain.hpp"

#include "daemon/explainer.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace drawbridge::daemon {
namespace {

constexpr int all_admitted = 0;
constexpr int not_admitted = 1;
constexpr int cannot_say = 2;

std::unique_ptr<Explainer> explainer_of(const std::string& path) {
  config::Loaded loaded = config::load(path);
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  std::unique_ptr<Explainer> made;
  if (loaded.valid()) {
    made = Explainer::make(std::move(loaded.config), directory == nullptr ? "" : directory, loaded.diagnostics);
  }
  if (made) return made;
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == config::Diagnostic::Severity::error) std::cerr << diagnostic.text() << '\n';
  }
  return nullptr;
}

std::optional<Explanation> answer(const Explainer& explainer, const Question& question, bool ask, std::string& why) {
  const auto asked = understand(question, why);
  if (!asked) return {};
  return explainer.explain(*asked, std::time(nullptr), ask, why);
}

int code_of(const Explanation& told) {
  return told.admitted() ? all_admitted : not_admitted;
}

int explain_one(const Explainer& explainer, const ExplainOptions& options) {
  std::string why;
  const auto told = answer(explainer, options.question, options.ask, why);
  if (!told) {
    std::cerr << "drawbridge: " << why << '\n';
    return cannot_say;
  }
  std::cout << (options.json ? json(*told) + '\n' : text(*told));
  return code_of(*told);
}

int explain_lines(const Explainer& explainer, std::istream& lines, bool ask) {
  int code = all_admitted;
  for (std::string line; std::getline(lines, line);) {
    std::string why;
    const auto question = parse_question(line, why);
    const auto told = question ? answer(explainer, *question, ask, why) : std::nullopt;
    std::cout << (told ? json(*told) : boost::json::serialize(boost::json::object{{"error", why}})) << '\n';
    code = std::max(code, told ? code_of(*told) : cannot_say);
  }
  return code;
}

}  // namespace

int explain(const ExplainOptions& options) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // a service that is asked may go away
  const auto explainer = explainer_of(options.config);
  if (!explainer) return cannot_say;
  if (options.batch.empty()) return explain_one(*explainer, options);
  if (options.batch == "-") return explain_lines(*explainer, std::cin, options.ask);
  std::ifstream file(options.batch);
  if (file) return explain_lines(*explainer, file, options.ask);
  std::cerr << "drawbridge: cannot read the batch " << options.batch << '\n';
  return cannot_say;
}

}  // namespace drawbridge::daemon

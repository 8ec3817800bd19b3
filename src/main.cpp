#include "ctl/command_line.hpp"
#include "daemon/check.hpp"
#include "daemon/explain.hpp"
#include "daemon/serve.hpp"
#include "daemon/version.hpp"

#include <iostream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

namespace {

using drawbridge::daemon::ExplainOptions;

// What --help calls a value that is a file: completion offers file names there.
constexpr const char* file = "FILE";

CLI::App* add_explain(CLI::App& app, ExplainOptions& options) {
  CLI::App* command = app.add_subcommand("explain", "say what would happen to a request, rule by rule");
  const auto text = [command](const char* name, auto& value, const char* what) {
    return command->add_option(name, value, what);
  };
  auto& question = options.question;
  CLI::Option* url = text("--url", question.url, "where the browser connects to: wss://host/path");
  text("--origin", question.origin, "of the page: https://app.example.org");
  text("--header", question.headers, "'Name: value', as often as needed")->allow_extra_args(false);
  text("--client", question.client, "address of the client, also where a proxy names it");
  text("--peer", question.peer, "address that the connection comes from, if it is a proxy's");
  text("--listener", question.listener, "its `bind`; otherwise the one that fits the URL");
  text("--certificate", question.certificate, "the client's, a PEM file")->type_name(file);
  text("--at", question.at, "when, as 2027-01-31T12:00:00Z; otherwise now");
  command->add_flag("--ask", options.ask, "really ask the services of `forward`");
  command->add_flag("--json", options.json, "one line for programs");
  CLI::Option* batch = text("--batch", options.batch, "a file with a JSON object a line, - for stdin");
  batch->type_name(file)->excludes(url);
  return command;
}

// Values are not quoted: they may be credentials.
void complain_of_extras(int argc, char** argv, const CLI::App& command) {
  std::cerr << "drawbridge: ";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    const std::string name(argument.substr(0, argument.find('=')));
    if (!name.starts_with("--") || command.get_option_no_throw(name) != nullptr) continue;
    std::cerr << "unknown option " << name << '\n';
    return;
  }
  std::cerr << "an argument that belongs to no option";
  if (command.get_name() == "explain") std::cerr << "; a header is one: --header 'Name: value'";
  std::cerr << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("WebSocket-to-TCP bridge");
  app.name("drawbridge");
  app.require_subcommand(1);
  std::string path = "/etc/drawbridge/drawbridge.yaml";
  const auto with_config = [&path](CLI::App* command) {
    command->add_option("-c,--config", path, "configuration file")->capture_default_str()->type_name(file);
    return command;
  };
  const CLI::App* serve = with_config(app.add_subcommand("serve", "run in the foreground"));
  const CLI::App* check = with_config(app.add_subcommand("check", "validate a configuration and all it names"));
  ExplainOptions explain_options;
  const CLI::App* explain = with_config(add_explain(app, explain_options));
  drawbridge::ctl::Options ctl_options;
  CLI::App* const ctl = with_config(app.add_subcommand("ctl", "talk to the running daemon"));
  drawbridge::ctl::add_commands(*ctl, ctl_options);
  app.add_subcommand("version", "print the version, and those of the libraries");
  app.set_version_flag("--version", drawbridge::daemon::version);

  const auto known = [&app](const std::string& name) {
    const auto commands = app.get_subcommands([&name](const CLI::App* command) { return command->check_name(name); });
    return !commands.empty();
  };
  if (argc > 1 && *argv[1] != '-' && !known(argv[1])) {
    std::cerr << "drawbridge: unknown command `" << argv[1] << "`; there are serve, check, explain, ctl and version\n";
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    const auto commands = app.get_subcommands();
    complain_of_extras(argc, argv, commands.empty() ? app : *commands.front());
    return 2;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (serve->parsed()) return drawbridge::daemon::serve(path);
    if (check->parsed()) return drawbridge::daemon::check(path);
    if (explain->parsed()) {
      explain_options.config = path;
      if (!explain_options.question.url.empty() || !explain_options.batch.empty()) {
        return drawbridge::daemon::explain(explain_options);
      }
      std::cerr << "drawbridge: explain needs --url or --batch\n";
      return 2;
    }
    if (ctl->parsed()) {
      ctl_options.configuration = path;
      return drawbridge::ctl::run(*ctl, ctl_options);
    }
    std::cout << drawbridge::daemon::version();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "drawbridge: " << error.what() << '\n';
    return 1;
  }
}

#include "daemon/check.hpp"
#include "daemon/serve.hpp"
#include "daemon/version.hpp"

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app("WebSocket-to-TCP bridge");
  app.name("drawbridge");
  app.require_subcommand(1);
  std::string path = "/etc/drawbridge/drawbridge.yaml";
  const auto with_config = [&path](CLI::App* command) {
    command->add_option("-c,--config", path, "configuration file")->capture_default_str();
    return command;
  };
  const CLI::App* serve = with_config(app.add_subcommand("serve", "run in the foreground"));
  const CLI::App* check = with_config(app.add_subcommand("check", "validate a configuration and all it names"));
  app.add_subcommand("version", "print the version, and those of the libraries");
  app.set_version_flag("--version", drawbridge::daemon::version);

  const auto known = [&app](const std::string& name) {
    const auto commands = app.get_subcommands([&name](const CLI::App* command) { return command->check_name(name); });
    return !commands.empty();
  };
  if (argc > 1 && *argv[1] != '-' && !known(argv[1])) {
    std::cerr << "drawbridge: unknown command `" << argv[1] << "`; there are serve, check and version\n";
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    if (serve->parsed()) return drawbridge::daemon::serve(path);
    if (check->parsed()) return drawbridge::daemon::check(path);
    std::cout << drawbridge::daemon::version();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "drawbridge: " << error.what() << '\n';
    return 1;
  }
}

#include "support/daemon.hpp"

#include "support/raw_client.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <sstream>

#include <boost/json.hpp>
#include <boost/test/framework.hpp>
#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <unistd.h>

namespace drawbridge::testing {
namespace {

bool has(const Record& record, const std::set<std::string>& events, const Fields& fields) {
  return events.contains(record["event"]) && std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
           return record[field.first] == field.second;
         });
}

bool test_failed() {
  namespace unit_test = boost::unit_test;
  return std::uncaught_exceptions() > 0 ||
         !unit_test::results_collector.results(unit_test::framework::current_test_unit().p_id).passed();
}

}  // namespace

Record parse_record(std::string line) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(line, error);
  Record record{std::move(line), {}};
  if (!error && value.is_object()) record.fields = value.get_object();
  return record;
}

std::string Record::operator[](std::string_view key) const {
  const boost::json::value* value = fields.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

std::uint64_t Record::number(std::string_view key) const {
  return fields.at(key).to_number<std::uint64_t>();
}

Daemon::Daemon(const std::string& configuration, const DaemonOptions& options) {
  write("server.crt", server_certificate().chain);
  write("server.key", server_certificate().key);
  for (const auto& [name, content] : options.files) write(name, content);
  const std::string file = directory_.write("drawbridge.yaml", configuration);
  ProcessOptions process = options.process;
  const std::vector<std::string> command{program(), "serve", "-c", file};
  if (process.standard_error >= 0) {
    process_.emplace(command, process);
    return;
  }
  int log[2];
  if (pipe2(log, O_CLOEXEC) != 0) throw std::runtime_error(os_error("pipe"));
  process.standard_error = log[1];
  process_.emplace(command, process);
  close(log[1]);
  reader_ = std::thread([this, descriptor = log[0]] { read_log(descriptor); });
  try {
    wait_for("ready");
  } catch (...) {
    std::cerr << "the daemon's log:\n" << this->log() << "its configuration:\n" << configuration << std::endl;
    process_.reset();
    reader_.join();
    throw;
  }
}

Daemon::~Daemon() {
  process_.reset();
  if (reader_.joinable()) reader_.join();
  if (test_failed()) std::cerr << "the daemon's log:\n" << log() << std::endl;
}

void Daemon::read_log(int descriptor) {
  std::string pending;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(descriptor, buffer, sizeof buffer);
    const std::lock_guard lock(mutex_);
    if (got <= 0) break;
    pending.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      records_.push_back(parse_record(pending.substr(0, end)));
      taken_.push_back(false);
      pending.erase(0, end + 1);
    }
    arrived_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  arrived_.notify_all();
  close(descriptor);
}

std::uint16_t Daemon::port(std::size_t listener) {
  std::vector<Record> listening = records();
  std::erase_if(listening, [](const Record& record) { return record["event"] != "listening"; });
  const std::string address = listening.at(listener)["address"];
  return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

Record Daemon::wait_for(const std::string& event, const Fields& fields, std::chrono::milliseconds most) {
  return take({event}, fields, most);
}

Record Daemon::wait_for_end(const Fields& fields, std::chrono::milliseconds most) {
  return take({"refused", "session"}, fields, most);
}

Record Daemon::take(const std::set<std::string>& events, const Fields& fields, std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  std::size_t at = 0;
  const auto find = [&] {
    for (at = 0; at < records_.size(); ++at) {
      if (!taken_[at] && has(records_[at], events, fields)) return true;
    }
    return false;
  };
  arrived_.wait_for(lock, most, [&] { return find() || ended_; });
  if (!find()) {
    std::ostringstream what;
    what << (ended_ ? "the daemon ended" : "deadline passed") << " without the record";
    for (const std::string& event : events) what << ' ' << event;
    for (const auto& [key, value] : fields) what << ' ' << key << '=' << value;
    throw Timeout(what.str());
  }
  taken_[at] = true;
  return records_[at];
}

std::vector<Record> Daemon::records() {
  const std::lock_guard lock(mutex_);
  return records_;
}

std::string Daemon::log() {
  std::string result;
  for (const Record& record : records()) result += record.line + "\n";
  return result;
}

void Daemon::reload(std::string_view configuration) {
  write("drawbridge.yaml", configuration);
  process_->signal(SIGHUP);
}

std::string program() {
  return DRAWBRIDGE_PROGRAM;
}

std::string tls_listener(std::string_view bind) {
  return "  - { bind: \"" + std::string(bind) +
         "\", tls: { certificates: [ { chain: server.crt, key: server.key } ] } }\n";
}

std::string route(std::string_view name, std::uint16_t backend_port, std::string_view more) {
  std::string result =
      "  - { name: " + std::string(name) + ", backend: \"tcp://127.0.0.1:" + std::to_string(backend_port) + "\"";
  if (more.find("path:") == std::string_view::npos) result += ", path: /" + std::string(name);
  if (more.find("origins:") == std::string_view::npos) result += ", origins: [ \"" + std::string(usual_origin) + "\" ]";
  return result.append(more) + " }\n";
}

std::string configuration(const std::string& listeners, const std::string& routes, std::string_view top) {
  return "listeners:\n" + listeners + "routes:\n" + routes + std::string(top);
}

std::string simple(std::uint16_t backend_port, std::string_view more, std::string_view top) {
  return configuration(tls_listener(), route("desk", backend_port, more), top);
}

}  // namespace drawbridge::testing

// A line-based chat over plain TCP, as a service that browsers cannot reach by themselves.
//
//   drawbridge_demo_chat [PORT]     on 127.0.0.1; port 0, the default, takes a free one. Prints the port.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t longest_line = 1024;      // bytes, line end included
constexpr std::size_t longest_backlog = 65536;  // bytes a member may leave unread before it is shown out

struct Member {
  explicit Member(tcp::socket s) : socket(std::move(s)) {}

  tcp::socket socket;
  std::string name;
  std::string backlog;  // said to this member, not yet handed to the kernel
  bool writing = false;
};

using MemberPtr = std::shared_ptr<Member>;

asio::awaitable<void> write_backlog(MemberPtr member) {
  error_code failed;
  while (!failed && !member->backlog.empty()) {
    const std::string chunk = std::exchange(member->backlog, {});
    co_await asio::async_write(member->socket, asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, failed));
  }
  member->writing = false;
}

void tell(const MemberPtr& member, std::string_view line) {
  if (member->backlog.size() + line.size() > longest_backlog) {
    member->socket.close();
    return;
  }
  member->backlog.append(line).push_back('\n');
  if (!std::exchange(member->writing, true)) {
    asio::co_spawn(member->socket.get_executor(), write_backlog(member), asio::detached);
  }
}

class Room {
 public:
  void join(const MemberPtr& member) {
    member->name = "guest-" + std::to_string(++guests_);
    members_.insert(member);
    tell(member, "Welcome to the chat, " + member->name + ". There are " + std::to_string(members_.size()) +
                     " of you; every line goes to all.");
  }

  void leave(const MemberPtr& member) { members_.erase(member); }

  void say(const MemberPtr& speaker, std::string_view text) {
    const std::string line = speaker->name + ": " + std::string{text};
    for (const MemberPtr& member : members_) tell(member, line);
  }

 private:
  std::set<MemberPtr> members_;
  std::uint64_t guests_ = 0;
};

asio::awaitable<void> serve(MemberPtr member, Room& room) {
  room.join(member);
  std::string input;
  error_code failed;
  while (true) {
    const std::size_t length =
        co_await asio::async_read_until(member->socket, asio::dynamic_buffer(input, longest_line), '\n',
                                        asio::redirect_error(asio::use_awaitable, failed));
    if (failed) break;
    std::string_view line = std::string_view{input}.substr(0, length - 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    room.say(member, line);
    input.erase(0, length);
  }
  // read_until says not_found when its buffer is full without a line end in it.
  if (failed == asio::error::not_found) {
    tell(member, "Lines end after " + std::to_string(longest_line) + " bytes. Good-bye.");
  }
  room.leave(member);
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, Room& room) {
  asio::steady_timer pause{acceptor.get_executor()};
  error_code failed;
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {  // out of descriptors, most likely: some member will leave
      pause.expires_after(std::chrono::milliseconds{100});
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    asio::co_spawn(acceptor.get_executor(), serve(std::make_shared<Member>(std::move(socket)), room), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc > 1) {
    const std::string_view text = argv[1];
    const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
    if (argc > 2 || error != std::errc{} || end != text.end()) {
      std::cerr << "usage: drawbridge_demo_chat [PORT]\n";
      return 2;
    }
  }
  try {
    asio::io_context context{1};
    tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), port}};
    Room room;
    asio::co_spawn(context, accept(acceptor, room), [](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
    });
    std::cout << acceptor.local_endpoint().port() << std::endl;
    context.run();
  } catch (const std::exception& failed) {
    std::cerr << "drawbridge_demo_chat: " << failed.what() << '\n';
    return 1;
  }
}

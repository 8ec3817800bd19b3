#include "net/loop.hpp"

#include "net/readiness.hpp"
#include "net/socket_wait.hpp"

#include <array>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

class Listening : public net::Readiness::Client {
 public:
  explicit Listening(std::function<void(net::Ready)> what) : what_(std::move(what)) {}

 private:
  void on_ready(net::Ready ready) override { what_(ready); }
  std::function<void(net::Ready)> what_;
};

class Alarm : public net::Deadlines::Waiter {
 public:
  explicit Alarm(std::function<void()> what) : what_(std::move(what)) {}

 private:
  void on_deadline(Instant /*now*/) override { what_(); }
  std::function<void()> what_;
};

class Piece : public net::Turns::Piece {
 public:
  explicit Piece(std::function<void()> what) : what_(std::move(what)) {}

 private:
  void on_turn() override { what_(); }
  std::function<void()> what_;
};

struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int fds[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    ours = net::Descriptor(fds[0]);
    theirs = net::Descriptor(fds[1]);
  }
  void send(const std::string& text) const {
    BOOST_REQUIRE(::send(theirs.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  net::Descriptor ours;
  net::Descriptor theirs;
};

// Two ends of a TCP connection.
struct TcpPair {
  TcpPair() {
    const net::Descriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    BOOST_REQUIRE(::bind(listening.get(), any, size) == 0);
    BOOST_REQUIRE(::listen(listening.get(), 1) == 0);
    BOOST_REQUIRE(::getsockname(listening.get(), any, &size) == 0);
    theirs = net::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(::connect(theirs.get(), any, size) == 0);
    ours = net::Descriptor(::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    BOOST_REQUIRE(bool(ours));
  }
  net::Descriptor ours;
  net::Descriptor theirs;
};

struct Fixture {
  // Runs it until `done`, at most for as long as a broken test would take.
  void run_until(const std::function<bool()>& done) {
    Alarm too_late([&] { loop.stop(); });
    loop.deadlines().expect_by(too_late, Clock::now() + 20s);
    // The question stands behind whatever happens.
    std::function<void()> ask = [&] {
      if (done()) return loop.stop();
      std::this_thread::yield();
      loop.post(ask);
    };
    loop.post(ask);
    loop.run();
    loop.deadlines().forget(too_late);
    BOOST_TEST(done());
  }
  net::Loop loop;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(loop, Fixture)

BOOST_AUTO_TEST_CASE(what_other_threads_send_is_done_in_their_order) {
  std::vector<int> done;
  std::thread sender([&] {
    for (int i = 0; i < 1'000; ++i) loop.post([&done, i] { done.push_back(i); });
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  sender.join();
  BOOST_REQUIRE(done.size() == 1'000U);
  for (int i = 0; i < 1'000; ++i) BOOST_REQUIRE(done[static_cast<std::size_t>(i)] == i);
}

BOOST_AUTO_TEST_CASE(what_was_sent_after_the_end_goes_with_the_loop) {
  const auto held = std::make_shared<int>(0);
  {
    net::Loop other;
    other.post([&] { other.stop(); });
    other.post([held] {});
    other.run();
    other.post([held] {});
  }
  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(each_change_of_a_socket_is_told_once) {
  const Pair pair;
  std::vector<net::Ready> told;
  Listening client([&](net::Ready ready) { told.push_back(ready); });
  net::Readiness readiness(loop, pair.ours.get());
  BOOST_REQUIRE(readiness.watches());
  readiness.tell(&client);
  run_until([&] { return told.size() == 1; });
  BOOST_TEST(told[0].writable);
  BOOST_TEST(!told[0].readable);
  pair.send("a");
  run_until([&] { return told.size() == 2; });
  BOOST_TEST(told[1].readable);
  // Unread, it is no news.
  int rounds = 0;
  run_until([&] { return ++rounds > 10; });
  BOOST_TEST(told.size() == 2U);
  pair.send("b");
  run_until([&] { return told.size() == 3; });
  BOOST_TEST(told[2].readable);
  BOOST_TEST(!told[2].more_behind);
  readiness.look_again();
  run_until([&] { return told.size() == 4; });
  BOOST_TEST(told[3].readable);
  BOOST_TEST(told[3].writable);
}

BOOST_AUTO_TEST_CASE(room_is_told_of_after_there_was_none) {
  const Pair pair;
  int writable = 0;
  Listening client([&](net::Ready ready) { writable += ready.writable; });
  net::Readiness readiness(loop, pair.ours.get());
  readiness.tell(&client);
  run_until([&] { return writable == 1; });
  const std::string much(1'000'000, 'x');
  while (::send(pair.ours.get(), much.data(), much.size(), MSG_NOSIGNAL) > 0) {
  }
  std::string into(1'000'000, '-');
  while (::recv(pair.theirs.get(), into.data(), into.size(), 0) > 0) {
  }
  run_until([&] { return writable == 2; });
}

BOOST_AUTO_TEST_CASE(an_end_or_urgent_data_behind_the_bytes_is_told_with_them_and_stays_known) {
  for (const bool urgent : {false, true}) {
    const TcpPair pair;
    net::Ready last;
    Listening client([&](net::Ready ready) { last = ready; });
    net::Readiness readiness(loop, pair.ours.get());
    if (urgent) {
      BOOST_REQUIRE(::send(pair.theirs.get(), "abc", 3, MSG_OOB) == 3);
    } else {
      BOOST_REQUIRE(::send(pair.theirs.get(), "abc", 3, 0) == 3);
      BOOST_REQUIRE(::shutdown(pair.theirs.get(), SHUT_WR) == 0);
    }
    // Also while nobody is told.
    run_until([&] { return readiness.more_behind(); });
    readiness.tell(&client);
    readiness.look_again();
    run_until([&] { return last.readable; });
    BOOST_TEST(last.more_behind);
  }
}

BOOST_AUTO_TEST_CASE(who_goes_in_the_same_round_is_told_nothing_more) {
  const Pair one;
  const Pair two;
  std::unique_ptr<net::Readiness> first;
  std::unique_ptr<net::Readiness> second;
  int told = 0;
  Listening client([&](net::Ready) {
    ++told;
    first.reset();
    second.reset();
  });
  first = std::make_unique<net::Readiness>(loop, one.ours.get());
  second = std::make_unique<net::Readiness>(loop, two.ours.get());
  first->tell(&client);
  second->tell(&client);
  int rounds = 0;
  run_until([&] { return told > 0 && ++rounds > 10; });
  BOOST_TEST(told == 1);
}

BOOST_AUTO_TEST_CASE(a_failure_in_the_middle_costs_nobody_an_event) {
  const std::array<Pair, 3> pairs;
  std::vector<std::unique_ptr<net::Readiness>> watches;
  int told = 0;
  Listening client([&](net::Ready) {
    ++told;
    throw std::bad_alloc();
  });
  for (const Pair& pair : pairs) {
    watches.push_back(std::make_unique<net::Readiness>(loop, pair.ours.get()));
    watches.back()->tell(&client);
  }
  int posted = 0;
  for (int i = 0; i < 3; ++i) {
    loop.post([&] {
      ++posted;
      throw std::bad_alloc();
    });
  }
  int failures = 0;
  while (told < 3 || posted < 3) {
    BOOST_CHECK_THROW(loop.run(), std::bad_alloc);
    BOOST_REQUIRE(++failures <= 6);
  }
  BOOST_TEST(failures == 6);
}

BOOST_AUTO_TEST_CASE(deadlines_come_in_time_also_when_an_earlier_one_is_added) {
  std::string order;
  Alarm late([&] { order += 'c'; });
  Alarm early([&] { order += 'a'; });
  Alarm between([&] { order += 'b'; });
  const Instant began = Clock::now();
  loop.deadlines().expect_by(late, began + 30ms);
  loop.post([&] {
    loop.deadlines().expect_by(early, Clock::now());
    loop.deadlines().expect_by(between, began + 15ms);
  });
  run_until([&] { return order.size() == 3; });
  BOOST_TEST(order == "abc");
  BOOST_TEST((Clock::now() >= began + 30ms));
}

BOOST_AUTO_TEST_CASE(a_line_of_work_lets_everybody_else_have_their_say) {
  const Pair pair;
  bool told = false;
  bool mail = false;
  bool alarm = false;
  Listening client([&](net::Ready ready) { told = told || ready.readable; });
  net::Readiness readiness(loop, pair.ours.get());
  readiness.tell(&client);
  Alarm soon([&] { alarm = true; });
  loop.deadlines().expect_by(soon, Clock::now() + 1ms);
  std::thread sender([&] { loop.post([&] { mail = true; }); });
  pair.send("x");
  Piece* again = nullptr;
  Piece busy([&] {
    if (told && mail && alarm) return loop.stop();
    loop.turns().line_up(*again);
  });
  again = &busy;
  loop.turns().line_up(busy);
  loop.run();
  sender.join();
  BOOST_TEST((told && mail && alarm));
}

BOOST_AUTO_TEST_CASE(a_task_waits_for_a_socket_or_its_limit) {
  const Pair pair;
  std::string log;
  const auto story = [](net::Loop& its_loop, const Pair& its_pair, std::string& its_log) -> net::Task<> {
    net::SocketWait wait(its_loop, its_pair.ours.get(), Clock::now() + 20s);
    const auto say = [&its_log](bool ready, char word) { its_log += ready ? word : '-'; };
    say(co_await wait.writable(), 'w');
    say(co_await wait.readable(), 'r');
    wait.set_limit(Clock::now() + 1ms);
    say(co_await wait.readable(), 'r');
    say(wait.expired(), 'x');
    say(co_await wait.readable(), 'r');
  };
  net::Tasks tasks;
  tasks.start(story(loop, pair, log));
  pair.send("x");
  run_until([&] { return log.size() == 5; });
  BOOST_TEST(log == "wr-x-");
}

BOOST_AUTO_TEST_SUITE_END()

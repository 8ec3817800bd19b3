#include "daemon/quota_store.hpp"

#include "support/patience.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;
using daemon::QuotaStore;

namespace {

class Lines : public net::Log {
 public:
  config::Log settings() const override { return {}; }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 protected:
  void put(drawbridge::LogLevel /*level*/, std::string line) override {
    const std::lock_guard lock(mutex_);
    text_ += line + "\n";
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

const config::Quotas limits{.enforce = true, .sessions = {}, .rate = {}, .bytes_per_day = 100};
constexpr auth::UnixSeconds noon = 20'000 * 86'400 + 43'200;

// One run of a daemon, over a directory that others had before.
struct Life {
  explicit Life(std::string directory) : quotas(10, noon), store(std::move(directory), quotas, log) {}

  void spend(std::uint64_t bytes) { join().share.spend(bytes, Instant(1h)); }
  bool has_bytes_left() { return !join().objection; }
  policy::Joined join() { return quotas.join("desk", limits, "alice", Instant(1h)); }

  Lines log;
  policy::Quotas quotas;
  QuotaStore store;
};

struct Place {
  testing::TemporaryDirectory directory;
  std::string state = directory.path("state");
  std::string file = state + "/quotas";

  std::string content() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // A thread writes it: until then.
  bool changes_from(const std::string& before) const {
    const auto deadline = Clock::now() + testing::patience;
    while (content() == before && Clock::now() < deadline) std::this_thread::yield();
    return content() != before;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quota_store)

BOOST_AUTO_TEST_CASE(it_moves_with_all_that_was_counted) {
  const Place place;
  Life life(place.state);
  life.spend(100);
  life.store.save();
  const std::string there = place.directory.path("there");
  life.store.move_to(there);
  life.store.save();
  Life next(there);
  next.store.restore(10);
  BOOST_TEST(!next.has_bytes_left());
  BOOST_TEST(life.log.text() == "");
}

BOOST_AUTO_TEST_CASE(what_was_saved_is_there_in_the_next_life) {
  const Place place;
  Life first(place.state);
  first.store.restore(10);
  first.spend(100);
  first.store.save();
  BOOST_TEST(first.log.text() == "");
  Life second(place.state);
  second.store.restore(10);
  BOOST_TEST(!second.has_bytes_left());
  // Only the file is left of it.
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(place.state)) ++files;
  BOOST_TEST(files == 1U);
}

BOOST_AUTO_TEST_CASE(it_is_written_once_a_minute_if_it_changed) {
  const Place place;
  const Instant start = Instant(2h);
  Life life(place.state);
  life.store.restore(10);
  life.spend(1);
  life.store.tick(start);
  BOOST_TEST(place.changes_from(""));
  std::string before = place.content();

  life.spend(1);
  life.store.tick(start + 59s);
  life.store.save();  // waits for a writer, if there were one
  BOOST_TEST(place.content() != before);
  before = place.content();

  life.spend(1);
  life.store.tick(start + 60s);
  BOOST_TEST(place.changes_from(before));

  // Nothing changed: it stays the same file.
  life.store.save();
  const auto written = std::filesystem::last_write_time(place.file);
  std::filesystem::last_write_time(place.file, written - 1h);
  life.store.tick(start + 120s);
  life.store.save();
  BOOST_TEST((std::filesystem::last_write_time(place.file) == written - 1h));
}

BOOST_AUTO_TEST_CASE(in_a_hurry_it_does_not_wait_for_the_minute) {
  const Place place;
  Life life(place.state);
  life.store.tick(Instant(2h));
  BOOST_TEST(place.changes_from(""));
  life.store.save();  // waits for the writer
  life.spend(1);
  const std::string before = place.content();
  life.store.hurry();
  life.store.tick(Instant(2h) + 1s);
  BOOST_TEST(place.changes_from(before));
}

BOOST_AUTO_TEST_CASE(what_is_no_quota_file_is_moved_aside) {
  for (const bool directory : {false, true}) {
    const Place place;
    std::filesystem::create_directory(place.state);
    if (directory) {
      std::filesystem::create_directory(place.file);
    } else {
      std::ofstream(place.file) << "drawbridge quotas 1\n";
    }
    Life life(place.state);
    life.store.restore(10);
    BOOST_TEST(life.log.text().find("quotas_not_restored") != std::string::npos, life.log.text());
    BOOST_TEST(std::filesystem::exists(place.file + ".unusable"));
    life.spend(100);
    life.store.save();
    Life next(place.state);
    next.store.restore(10);
    BOOST_TEST(next.log.text() == "");
    BOOST_TEST(!next.has_bytes_left());
  }
}

BOOST_AUTO_TEST_CASE(more_than_there_is_room_for_is_moved_aside_unread) {
  const Place place;
  std::filesystem::create_directory(place.state);
  std::ofstream(place.file) << std::string(1'000'000, 'x');
  Life life(place.state);
  life.store.restore(10);
  BOOST_TEST(life.log.text().find("larger") != std::string::npos, life.log.text());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_told_and_tried_again) {
  const Place place;
  std::ofstream(place.state) << "in its place";
  Life life(place.state);
  life.store.restore(10);
  life.spend(1);
  life.store.save();
  BOOST_TEST(life.log.text().find("quotas_not_saved") != std::string::npos, life.log.text());
  std::filesystem::remove(place.state);
  life.store.save();
  BOOST_TEST(place.content() != "");
}

BOOST_AUTO_TEST_CASE(without_a_directory_nothing_is_kept_and_nobody_complains) {
  Life life("");
  life.store.restore(10);
  life.spend(1);
  life.store.tick(Instant(2h));
  life.store.save();
  BOOST_TEST(life.log.text() == "");
}

BOOST_AUTO_TEST_SUITE_END()

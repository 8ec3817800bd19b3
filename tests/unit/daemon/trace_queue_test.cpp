#include "daemon/trace_queue.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using drawbridge::daemon::TraceQueue;

namespace {

bool offer(TraceQueue& queue, std::string_view line) {
  const bool admitted = queue.admits();
  if (admitted) queue.add(line);
  return admitted;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_queue)

BOOST_AUTO_TEST_CASE(lines_come_out_together_in_their_order) {
  TraceQueue queue([] {});
  BOOST_TEST(queue.take().empty());
  offer(queue, "one\n");
  offer(queue, "two\n");
  BOOST_TEST(queue.take() == "one\ntwo\n");
  BOOST_TEST(queue.take().empty());
  BOOST_TEST(!queue.over());
}

BOOST_AUTO_TEST_CASE(the_reader_is_woken_once_when_he_found_nothing) {
  int woken = 0;
  TraceQueue queue([&] { ++woken; });
  offer(queue, "before he came\n");
  BOOST_TEST(woken == 0);
  queue.take();
  offer(queue, "found\n");
  BOOST_TEST(woken == 0);
  queue.take();
  queue.take();
  offer(queue, "one\n");
  offer(queue, "two\n");
  BOOST_TEST(woken == 1);
  queue.take();
  queue.take();
  queue.end("last\n");
  BOOST_TEST(woken == 2);
}

BOOST_AUTO_TEST_CASE(what_has_no_room_is_counted_at_its_place) {
  TraceQueue queue([] {});
  for (std::size_t i = 0; i < TraceQueue::most_lines; ++i) BOOST_TEST_REQUIRE(offer(queue, "\n"));
  BOOST_TEST(!offer(queue, "late\n"));
  BOOST_TEST(!offer(queue, "later\n"));
  std::string all(TraceQueue::most_lines, '\n');
  BOOST_TEST(queue.take() == all + "{\"event\":\"dropped\",\"dropped\":2}\n");
  BOOST_TEST(offer(queue, "again\n"));
  BOOST_TEST(queue.take() == "again\n");

  const std::string large(TraceQueue::most_bytes, 'x');
  BOOST_TEST(offer(queue, large));
  BOOST_TEST(!offer(queue, "late\n"));
  BOOST_TEST(queue.take().size() < large.size() + 100);
}

BOOST_AUTO_TEST_CASE(the_last_line_always_has_room) {
  TraceQueue queue([] {});
  for (std::size_t i = 0; i <= TraceQueue::most_lines; ++i) offer(queue, "\n");
  queue.end("last\n");
  BOOST_TEST(!queue.over());
  BOOST_TEST(queue.take().ends_with("{\"event\":\"dropped\",\"dropped\":1}\nlast\n"));
  BOOST_TEST(queue.over());
}

BOOST_AUTO_TEST_SUITE_END()

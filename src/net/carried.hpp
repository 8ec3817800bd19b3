#pragma once

#include "net/deadlines.hpp"
#include "net/readiness.hpp"
#include "net/session.hpp"
#include "net/worker.hpp"

#include <array>
#include <span>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace drawbridge::net {

// A session on its worker: turns what its splice wants into waits, and what came true into turns of the splice.
class Carried : public boost::intrusive_ref_counter<Carried, boost::thread_unsafe_counter>,
                public boost::intrusive::list_base_hook<>,
                public Deadlines::Waiter {
 public:
  using Pointer = boost::intrusive_ptr<Carried>;

  // `backend_fd` -1: the session echoes.
  Carried(Worker& worker, Worker::Load load, std::unique_ptr<Session> session, int browser_fd, int backend_fd);
  ~Carried();

  const Session& session() const { return *session_; }
  void begin(std::span<const std::uint8_t> first);
  // Ends it with 1012 at `at`.
  void drain_at(Instant at);
  // Ends it now, whatever is under way.
  void abandon();

 private:
  enum Wait : std::uint8_t { browser_readable, browser_writable, backend_readable, backend_writable };

  void advance(Instant now, std::span<const std::uint8_t> first = {});
  void wait_for(Wait what, bool wanted);
  void came_true(Wait what);
  void wait_in_line();
  void on_deadline(Instant now) override;
  void end(Instant now);

  Worker& worker_;
  Worker::Load load_;
  std::unique_ptr<Session> session_;  // null once it ended
  Readiness browser_;
  std::optional<Readiness> backend_;
  std::array<bool, 4> waiting_{};  // by Wait
  bool busy_ = false;              // needed more than one turn since it was last woken
  bool in_line_ = false;           // for the next one
  Instant drain_at_ = never;
};

// All the sessions of a worker. It owns a share of each; Carried::end gives it back.
struct CarriedList : boost::intrusive::list<Carried, boost::intrusive::constant_time_size<false>> {};

}  // namespace drawbridge::net

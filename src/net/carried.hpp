#pragma once

#include "net/crumbs.hpp"
#include "net/deadlines.hpp"
#include "net/readiness.hpp"
#include "net/session.hpp"
#include "net/tally.hpp"
#include "net/turns.hpp"
#include "net/worker.hpp"

#include <memory>
#include <span>

#include <boost/intrusive/list.hpp>

namespace drawbridge::net {

// A session on its worker: tells its splice what has become possible, and gives it its turns. It goes with its session.
class Carried : public boost::intrusive::list_base_hook<>, public Deadlines::Waiter, public Turns::Piece {
 public:
  // `backend` null: the session echoes.
  Carried(Worker& worker, Worker::Load load, std::unique_ptr<Session> session, std::unique_ptr<Readiness> browser,
          std::unique_ptr<Readiness> backend);
  ~Carried() override;

  Session& session() { return *session_; }
  const Session& session() const { return *session_; }
  // Adds what it has carried so far to its route's tally.
  void count() const;
  // From here on each of these may be its last: it is destroyed when the splice is over.
  void begin(std::span<const std::uint8_t> first);
  // Ends it now, whatever is under way.
  void abandon();
  // Ends it with 1012 at `at`.
  void drain_at(Instant at);
  // Ends it at `at` with credential_expired, revoked or killed; the earlier of two calls holds.
  void end_at(Instant at, Reason reason);

 private:
  class Side : public Readiness::Client {
   public:
    Side(Carried& carried, std::unique_ptr<Readiness> readiness)
        : carried_(carried), readiness_(std::move(readiness)) {}
    Readiness* operator->() const { return readiness_.get(); }
    explicit operator bool() const { return readiness_ != nullptr; }

   private:
    void on_ready(Ready ready) override { carried_.on_ready(*this, ready); }

    Carried& carried_;
    std::unique_ptr<Readiness> readiness_;
  };

  void on_ready(const Side& side, Ready ready);
  void on_turn() override;
  void on_deadline(Instant now) override;
  void advance(Instant now, std::span<const std::uint8_t> first = {});
  // Reads the meter; true if the identity's quotas end the session.
  bool measure(Instant now);
  // What ends a session for its credential is only told where the route's `auth` is not enforced.
  bool is_enforced(Reason end) const;
  void log_would_end(Reason reason, std::string_view rule, Instant now);
  void notice(std::uint64_t up, std::uint64_t down, Instant now);
  void end(Instant now);

  Worker& worker_;
  Worker::Load load_;
  std::unique_ptr<Session> session_;  // before the sides: its sockets close after they are no longer watched
  Side browser_;
  Side backend_;
  RouteTally& tally_;
  bool busy_ = false;  // needed more than one turn since it was last woken
  bool last_went_up_ = false;
  Crumbs crumbs_;
  Instant drain_at_ = never;
  Instant ends_at_ = never;
  Reason ends_for_ = Reason::credential_expired;
};

// All the sessions of a worker, which it owns.
struct CarriedList : boost::intrusive::list<Carried, boost::intrusive::constant_time_size<false>> {};

}  // namespace drawbridge::net

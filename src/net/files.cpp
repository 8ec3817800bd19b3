#include "net/files.hpp"

#include "net/answer.hpp"
#include "net/file_store.hpp"
#include "net/naming.hpp"
#include "net/refuse.hpp"
#include "web/conditions.hpp"
#include "web/file_name.hpp"
#include "web/response.hpp"

#include <ctime>
#include <system_error>

namespace drawbridge::net {
namespace {

// Of a file, in memory for one connection.
constexpr std::size_t piece_size = 32 * 1024;
// For a turn at the disk.
constexpr auto disk_time = std::chrono::seconds(10);
// For a browser to take one piece: less than 1 KiB a second is too slow.
constexpr auto piece_time = std::chrono::seconds(30);
// How long a connection is kept for another request, how often it is looked whether there shall be one, and how many.
constexpr auto idle_time = std::chrono::seconds(5);
constexpr auto look_time = std::chrono::milliseconds(500);
constexpr unsigned most_requests = 100;
constexpr std::size_t head_read = 4'096;

// What the disk's thread and the waiting task share.
template <class Answer>
struct DiskWork {
  Parked* waiting = nullptr;  // null once the task waits no more
  std::optional<Answer> answer;
};

// Empty: its turn did not come in time.
template <class Answer>
Task<std::optional<Answer>> from_disk(Opening& opening, std::function<Answer()> question) {
  Loop& loop = opening.worker.loop();
  Parked parked(loop.deadlines(), Clock::now() + disk_time);
  const auto work = std::make_shared<DiskWork<Answer>>();
  work->waiting = &parked;
  const bool queued =
      opening.worker.services().disk.ask([work, question = std::move(question)] { work->answer.emplace(question()); },
                                         [work, &loop] {
                                           loop.post([work] {
                                             if (work->waiting != nullptr) work->waiting->wake();
                                           });
                                         });
  if (!queued) co_return std::nullopt;
  struct NoLonger {
    DiskWork<Answer>& work;
    ~NoLonger() { work.waiting = nullptr; }
  } const no_longer{*work};
  const bool answered = co_await parked.wait();
  if (!answered) co_return std::nullopt;
  co_return std::move(work->answer);
}

// Room for one piece, from the memory that all sessions share.
class PieceRoom {
 public:
  explicit PieceRoom(BufferBudget& budget) : budget_(budget), taken_(budget.take(piece_size)) {}
  PieceRoom(const PieceRoom&) = delete;
  PieceRoom& operator=(const PieceRoom&) = delete;
  ~PieceRoom() {
    if (taken_) budget_.give_back(piece_size);
  }
  explicit operator bool() const { return taken_; }

 private:
  BufferBudget& budget_;
  const bool taken_;
};

// Where the files of a request are.
struct Folder {
  const config::Web* web = nullptr;      // null: there are none for this path
  const config::Route* route = nullptr;  // whose they are; null: the listener's
  bool lacks_slash = false;              // the path is the folder's own without the slash
  std::string_view below;                // the path, behind the folder's
};

Folder folder_of(const Opening& opening, const Snapshot& snapshot) {
  const ws::Upgrade& asked = opening.asked->upgrade;
  const std::string_view path = asked.target.path;
  if (const auto index = snapshot.table().find_files(asked.host.host, path)) {
    const config::Route& route = snapshot.route(*index)->route;
    const std::size_t own = config::folder_of(route).size();
    const bool lacks_slash = path.size() < own;
    return {&*route.web, &route, lacks_slash, lacks_slash ? std::string_view() : path.substr(own)};
  }
  const auto& web = opening.entrance->web;
  if (!web) return {};
  return {&*web, nullptr, false, path.substr(1)};
}

bool may_go_on(const Opening& opening, const ws::Request& request) {
  const Services& services = opening.worker.services();
  // After a reload its listener may have other rules, and other files.
  const bool is_current = opening.settings == opening.worker.snapshot();
  return is_current && !request.lists("Connection", "close") && !opening.worker.draining() &&
         opening.requests < most_requests &&
         services.limiter.pending() <= opening.settings->config().limits.pending / 2;
}

void log_file(Opening& opening, const ws::Request& request, const web::Response& response, std::uint64_t bytes,
              bool whole) {
  opening.told = true;
  Tally& tally = opening.worker.tally();
  ++tally.files[response.status];
  tally.file_bytes += bytes;
  if (!whole) ++tally.files_broken_off;
  Log& log = opening.worker.services().log;
  if (log.settings().level != LogLevel::debug) return;
  const ws::Upgrade& asked = opening.asked->upgrade;
  log.write(LogLevel::debug, log.record(LogLevel::debug, "file")
                                 .add("session", opening.identity.session)
                                 .add("client", opening.identity.client)
                                 .add("method", request.method)
                                 .add("host", asked.host.host)
                                 .add("path", asked.target.path)
                                 .add("status", response.status)
                                 .add("bytes", bytes)
                                 .add("whole", whole ? "true" : "false"));
}

// Sends an answer; of its body `piece` is the first. False: the connection is of no more use.
Task<bool> send_response(Opening& opening, const ws::Request& request, const web::Response& response,
                         std::shared_ptr<const Descriptor> file, std::string piece, bool close) {
  std::uint64_t sent = 0;
  std::uint64_t read_so_far = piece.size();
  piece.insert(0, response_head(response, std::time(nullptr), close) + response.text);
  bool taken = true;
  for (;;) {
    opening.wait.set_limit(Clock::now() + piece_time);
    taken = co_await write_all(opening, *opening.browser, piece);
    if (taken) sent = read_so_far;
    if (!taken || sent == response.size) break;
    std::string().swap(piece);
    const std::uint64_t from = response.first + sent;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, response.size - sent));
    std::function<std::string()> read = [file, from, size] { return read_file(*file, from, size); };
    auto next = co_await from_disk(opening, std::move(read));
    // It became shorter, or cannot be read: what was promised cannot be sent, and the browser sees that by the end.
    if (!next || next->empty()) {
      taken = false;
      break;
    }
    piece = *std::move(next);
    read_so_far += piece.size();
  }
  log_file(opening, request, response, sent, taken);
  co_return taken;
}

// An operator's matter, told once in a while.
void complain(Opening& opening, const std::string& name, int error) {
  if (!opening.worker.tells_of_file(Clock::now())) return;
  Log& log = opening.worker.services().log;
  log.write(LogLevel::error, log.record(LogLevel::error, "file_failed")
                                 .add("path", opening.asked->upgrade.target.path)
                                 .add("file", name)
                                 .add("error", std::generic_category().message(error)));
}

Task<bool> refused(Opening& opening, Reason reason, unsigned retry_after = 0) {
  co_await refuse(opening, reason, retry_after);
  co_return false;
}

}  // namespace

bool may_have_files(const Opening& opening) {
  return opening.entrance->web || opening.worker.snapshot()->table().has_files();
}

Task<bool> answer_file_request(Opening& opening, const ws::Request& request) {
  opening.asked = std::make_unique<Asked>();
  Asked& asked = *opening.asked;
  asked.is_head = request.method == "HEAD";
  // So that who reads slowly is seen to read, and what the kernel holds for him is bounded.
  if (opening.requests++ == 0) bound_unsent(opening.fd);
  // Held to the end, with the folder's settings.
  const std::shared_ptr<const Snapshot> snapshot = opening.worker.snapshot();
  std::optional<Reason> form = ws::check_file_request(request, asked.upgrade);
  opening.identity.origin = asked.upgrade.origin_text.value_or("");
  // A proxy may send the next request for somebody else.
  const bool speaks_for_another = opening.entrance->trusted_proxies && opening.entrance->is_proxy(opening.client);
  const std::optional<Reason> forwarded = take_forwarded(opening, request);
  if (!form) form = forwarded;
  if (form) co_return co_await refused(opening, *form);

  const Folder folder = folder_of(opening, *snapshot);
  const policy::Verdict verdict =
      policy::admit_to_files(folder.route, asked.upgrade.host.host, circumstances_of(opening));
  for (const policy::Refusal& told : verdict.only_told) log_would_refuse(opening, told.reason, told.rule);
  asked.rule = verdict.rule;
  if (!verdict.admitted()) co_return co_await refused(opening, *verdict.reason, verdict.retry_after);
  const Reason no_socket = asked.is_head ? Reason::method : Reason::upgrade_required;
  if (folder.web == nullptr) co_return co_await refused(opening, no_socket);

  const PieceRoom room(opening.worker.services().buffers);
  if (!room) co_return co_await refused(opening, Reason::full, policy::retry_after(Reason::full));
  std::optional<Found> found = Found{};
  if (const auto name = web::file_name(folder.below); name && !folder.lacks_slash) {
    const Codings accepted{web::accepts_coding(request, "br"), web::accepts_coding(request, "gzip")};
    std::function<Found()> find = [directory = folder.web->directory, name = *name, accepted] {
      return find_file(directory, name, accepted);
    };
    found = co_await from_disk(opening, std::move(find));
    if (!found) co_return co_await refused(opening, Reason::full, policy::retry_after(Reason::full));
    if (found->kind == Found::Kind::failed) complain(opening, *name, found->error);
  }
  web::Response response;
  if (found->kind == Found::Kind::file) {
    response = web::respond(request, found->file, *folder.web);
  } else if (found->kind == Found::Kind::failed) {
    response = web::unreadable(request, *folder.web);
  } else if (folder.lacks_slash || (found->kind == Found::Kind::folder && !asked.upgrade.target.path.ends_with('/'))) {
    response = web::moved(request, asked.upgrade.target.path, asked.upgrade.target.query, *folder.web);
  } else if (folder.route == nullptr && snapshot->table().find(asked.upgrade.host.host, asked.upgrade.target.path)) {
    co_return co_await refused(opening, no_socket);
  } else {
    response = web::not_found(request, *folder.web);
  }
  // A long answer is more than an opening: it holds no pending place any more.
  if (response.size > piece_size && !opening.entry.permit.promote())
    co_return co_await refused(opening, Reason::full, policy::retry_after(Reason::full));
  const std::shared_ptr<const Descriptor> file = opening.worker.services().disk.closes(std::move(found->descriptor));
  std::string first_piece;
  if (response.size > 0) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, response.size));
    std::function<std::string()> read = [file, from = response.first, size] { return read_file(*file, from, size); };
    auto piece = co_await from_disk(opening, std::move(read));
    if (!piece) co_return co_await refused(opening, Reason::full, policy::retry_after(Reason::full));
    first_piece = *std::move(piece);
    if (first_piece.empty()) response = web::unreadable(request, *folder.web);
  }
  const bool goes_on = !speaks_for_another && may_go_on(opening, request);
  const bool sent = co_await send_response(opening, request, response, file, std::move(first_piece), !goes_on);
  if (!sent) co_return false;
  if (!goes_on) co_await part(opening, *opening.browser, "");
  co_return goes_on;
}

Task<bool> another_request(Opening& opening) {
  const Instant until = Clock::now() + idle_time;
  while (opening.received.empty()) {
    const IoResult result = opening.browser->read(std::span(opening.worker.scratch().up).first(head_read));
    if (result.status == IoStatus::ok) {
      opening.received.assign(reinterpret_cast<const char*>(opening.worker.scratch().up.data()), result.bytes);
      break;
    }
    opening.wait.set_limit(std::min(until, Clock::now() + look_time));
    const bool ready = co_await ready_again(opening, *opening.browser, result.status);
    if (ready) continue;
    if (!opening.wait.expired()) co_return false;
    if (opening.worker.draining() || Clock::now() >= until) {
      co_await part(opening, *opening.browser, "");
      co_return false;
    }
  }
  opening.told = false;
  opening.asked.reset();
  co_return true;
}

}  // namespace drawbridge::net

#include "web/response.hpp"

#include "web/conditions.hpp"
#include "web/http_date.hpp"
#include "web/media_type.hpp"
#include "web/range.hpp"

#include <fmt/format.h>

namespace drawbridge::web {
namespace {

void add(Response& response, std::string_view name, std::string value) {
  response.fields.push_back({name, std::move(value)});
}

// Of every answer: what came from this folder is what it says it is, and may do what the policy lets it do.
Response begin(std::uint16_t status, const config::Web& web) {
  Response response;
  response.status = status;
  add(response, "X-Content-Type-Options", "nosniff");
  add(response, "Content-Security-Policy", web.content_security_policy);
  return response;
}

Response say(const ws::Request& request, std::uint16_t status, std::string text, const config::Web& web) {
  Response response = begin(status, web);
  add(response, "Content-Type", "text/plain; charset=utf-8");
  add(response, "Cache-Control", "no-store");
  add(response, "Content-Length", std::to_string(text.size()));
  if (request.method != "HEAD") response.text = std::move(text);
  return response;
}

std::string cache_control(const config::Web& web) {
  // no-cache: it may be kept, and is asked about each time; that costs a 304.
  if (!web.cache) return "no-cache";
  return fmt::format("max-age={}", std::chrono::duration_cast<std::chrono::seconds>(*web.cache).count());
}

// What a 304 carries as well (RFC 9110 §15.4.5).
void add_validators(Response& response, const File& file, const Validators& validators, const config::Web& web) {
  add(response, "Cache-Control", cache_control(web));
  add(response, "ETag", validators.etag);
  if (file.has_copies) add(response, "Vary", "Accept-Encoding");
}

}  // namespace

Response respond(const ws::Request& request, const File& file, const config::Web& web) {
  // A compressed copy is another representation, with a tag of its own (RFC 9110 §8.8.3).
  const Validators validators{fmt::format("\"{:x}-{:x}{}\"", file.version, file.size, file.coding), file.modified};
  switch (judge_conditions(request, validators)) {
    case Condition::failed: return say(request, 412, "This is another version of the file.\n", web);
    case Condition::not_modified: {
      Response response = begin(304, web);
      add_validators(response, file, validators, web);
      return response;
    }
    case Condition::met: break;
  }
  const bool head = request.method == "HEAD";
  const Range range = head ? Range{} : requested_range(request, validators, file.size);
  if (range.kind == Range::Kind::unsatisfiable) {
    Response response = say(request, 416, "The file has no such bytes.\n", web);
    add(response, "Content-Range", fmt::format("bytes */{}", file.size));
    return response;
  }
  const bool part = range.kind == Range::Kind::part;
  Response response = begin(part ? 206 : 200, web);
  response.first = range.first;
  const std::uint64_t size = part ? range.size : file.size;
  if (!head) response.size = size;
  add(response, "Content-Type", std::string(media_type(file.name)));
  if (!file.coding.empty()) add(response, "Content-Encoding", file.coding);
  add(response, "Content-Length", std::to_string(size));
  if (part) {
    add(response, "Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.first + size - 1, file.size));
  }
  add(response, "Accept-Ranges", "bytes");
  add_validators(response, file, validators, web);
  add(response, "Last-Modified", http_date(file.modified));
  return response;
}

Response not_found(const ws::Request& request, const config::Web& web) {
  return say(request, 404, "There is no such file.\n", web);
}

Response unreadable(const ws::Request& request, const config::Web& web) {
  return say(request, 503, "The file cannot be read now.\n", web);
}

Response moved(const ws::Request& request, std::string_view path, std::string_view query, const config::Web& web) {
  Response response = say(request, 308, "The folder's path ends in a slash.\n", web);
  std::string to = std::string(path) + "/";
  if (!query.empty()) to.append("?").append(query);
  add(response, "Location", std::move(to));
  return response;
}

}  // namespace drawbridge::web

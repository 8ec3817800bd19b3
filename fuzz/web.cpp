// A name that is served lies in the folder and is no hidden one, whatever the path; ranges lie in the file; dates are
// stable; and an answer promises what it sends.
//
// Input: a path, then lines: the size of the file in decimal, and fields of the request as `Name: value`.

#include "base/text.hpp"
#include "finding.hpp"
#include "web/file_name.hpp"
#include "web/http_date.hpp"
#include "web/media_type.hpp"
#include "web/range.hpp"
#include "web/response.hpp"
#include "ws/target.hpp"

#include <charconv>
#include <filesystem>
#include <string>

namespace drawbridge::web {
namespace {

using fuzz::require;

void check_name(std::string_view below) {
  const auto name = file_name(below);
  if (!name) return;
  const std::filesystem::path path(*name);
  require(!name->empty() && name->size() <= 1'024 && path.is_relative(), "no relative name: ", *name);
  require(path.lexically_normal() == path && path.has_filename(), "not in its normal form: ", *name);
  require(name->find('\0') == std::string::npos && name->find('\\') == std::string::npos, "a forbidden byte: ", *name);
  require(is_utf8(*name), "not UTF-8: ", *name);
  for (const auto& part : path) {
    require(!part.string().starts_with('.') && part.string().size() <= 255, "a hidden or long part: ", *name);
  }
  require(!media_type(*name).empty(), "no media type: ", *name);
  const auto target = ws::parse_target("/" + std::string(below));
  if (!target || below.find('?') != std::string_view::npos) return;
  require(file_name(std::string_view(target->path).substr(1)) == name, "the canonical path is another's: ", *name);
}

std::string field(const Response& response, std::string_view name) {
  for (const Response::Field& each : response.fields) {
    if (each.name == name) return each.value;
  }
  return {};
}

void check_response(const ws::Request& request, std::uint64_t size) {
  const config::Web web{.directory = "/srv"};
  const File file{.name = "a.js", .size = size, .modified = 784'111'777, .version = 0xABC};
  const Response response = respond(request, file, web);
  require(response.first <= size && response.size <= size - response.first, "a body beyond the file: ", size);
  const bool whole = response.status == 200;
  require(!whole || response.size == size, "not the whole: ", response.size);
  require(response.status != 206 || response.size > 0, "an empty part");
  for (const Response::Field& each : response.fields) {
    require(each.value.find_first_of("\r\n") == std::string::npos, "a field of two lines: ", each.value);
  }
  require(field(response, "X-Content-Type-Options") == "nosniff", "no nosniff");
  const std::string promised = field(response, "Content-Length");
  if (response.status == 304) {
    require(response.text.empty() && response.size == 0, "a 304 with a body");
  } else {
    require(promised == std::to_string(response.text.size() + response.size), "promised ", promised);
  }
}

}  // namespace
}  // namespace drawbridge::web

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge;
  if (size > 4'096) return 0;
  const std::string input(data, data + size);
  const auto lines = split(input, '\n');
  web::check_name(lines[0]);

  std::uint64_t bytes = 0;
  if (lines.size() > 1) std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), bytes);
  ws::Request request;
  request.method = "GET";
  for (std::size_t i = 2; i < lines.size(); ++i) {
    const auto colon = lines[i].find(':');
    if (colon == std::string_view::npos) continue;
    request.fields.push_back({lines[i].substr(0, colon), trim(lines[i].substr(colon + 1))});
    if (const auto date = web::parse_http_date(trim(lines[i].substr(colon + 1)))) {
      fuzz::require(web::parse_http_date(web::http_date(*date)) == date, "an unstable date: ", *date);
    }
  }
  web::check_response(request, bytes);
  return 0;
}

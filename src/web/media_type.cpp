#include "web/media_type.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace drawbridge::web {
namespace {

// What pages are made of. A browser runs a script and applies a style sheet only by its right name (nosniff).
constexpr std::array<std::pair<std::string_view, std::string_view>, 37> types{{
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
}};
static_assert(std::is_sorted(types.begin(), types.end()));

}  // namespace

std::string_view media_type(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot != std::string_view::npos) {
    const std::string extension = to_lower(name.substr(dot + 1));
    const auto* const found = std::lower_bound(types.begin(), types.end(), extension,
                                               [](const auto& type, const std::string& e) { return type.first < e; });
    if (found != types.end() && found->first == extension) return found->second;
  }
  return "application/octet-stream";
}

}  // namespace drawbridge::web

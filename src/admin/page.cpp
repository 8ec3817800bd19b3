#include "admin/page.hpp"

#include "admin/page_files.hpp"

namespace drawbridge::admin {
namespace {

Response file(std::string_view content, std::string_view type) {
  return {.body = std::string(content), .type = std::string(type)};
}

}  // namespace

std::optional<Response> page_file(std::string_view name) {
  if (name.empty()) return file(page_files::index_html, "text/html; charset=utf-8");
  if (name == "page.css") return file(page_files::page_css, "text/css; charset=utf-8");
  if (name == "page.js") return file(page_files::page_js, "text/javascript; charset=utf-8");
  if (name == "icon.svg") return file(page_files::icon_svg, "image/svg+xml");
  return std::nullopt;
}

}  // namespace drawbridge::admin

#include "net/readiness.hpp"

namespace drawbridge::net {

Readiness::Readiness(asio::io_context& context, int fd) : descriptor_(context) {
  boost::system::error_code ignored;
  descriptor_.assign(fd, ignored);
}

Readiness::~Readiness() {
  close();
}

void Readiness::close() {
  if (descriptor_.is_open()) descriptor_.release();
}

Task<bool> Readiness::readable() {
  const auto [error] = co_await descriptor_.async_wait(Socket::wait_read, use_task);
  co_return !error;
}

Task<bool> Readiness::writable() {
  const auto [error] = co_await descriptor_.async_wait(Socket::wait_write, use_task);
  co_return !error;
}

void Readiness::cancel() {
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

}  // namespace drawbridge::net

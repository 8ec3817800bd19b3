#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace drawbridge::net {

namespace asio = boost::asio;

// A coroutine on a worker's io_context. Its concrete executor type costs less than the type-erased default.
template <class T = void>
using Task = asio::awaitable<T, asio::io_context::executor_type>;

// Completion by resuming the task; errors come as a value.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<asio::io_context::executor_type>> use_task{};

}  // namespace drawbridge::net

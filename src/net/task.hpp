#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include <boost/intrusive/list.hpp>

namespace drawbridge::net {

template <class T>
class Task;

namespace task_detail {

struct Promise {
  std::coroutine_handle<> caller;
  std::exception_ptr failure;

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Return {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) noexcept {
      return done.promise().caller;
    }
    void await_resume() noexcept {}
  };
  Return final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <class T>
struct ValuePromise : Promise {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() { return std::move(*value); }
};

template <>
struct ValuePromise<void> : Promise {
  inline Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace task_detail

// A coroutine that begins when it is awaited, and belongs to who awaits it: destroying the outermost destroys all of
// it, wherever it waits. One thread. (g++ 12 lays out the frame of a coroutine wrongly that has no local variable and
// awaits in a condition: give what was awaited a name.)
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::ValuePromise<T>;

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    frame_.promise().caller = caller;
    return frame_;
  }
  T await_resume() {
    if (frame_.promise().failure) std::rethrow_exception(frame_.promise().failure);
    return frame_.promise().take();
  }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
Task<T> task_detail::ValuePromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<ValuePromise>::from_promise(*this));
}

Task<void> task_detail::ValuePromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<ValuePromise>::from_promise(*this));
}

// Tasks that nobody awaits.
class Tasks {
 public:
  Tasks() = default;
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;
  // Destroys those that are not done.
  ~Tasks() {
    while (!running_.empty()) Frame::from_promise(running_.front()).destroy();
  }

  // Runs it up to its first wait; what it throws is lost.
  void start(Task<> task) { run(*this, std::move(task)); }

 private:
  struct Running {
    struct Promise : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
      Promise(Tasks& tasks, const Task<>& /*task*/) { tasks.running_.push_back(*this); }
      Running get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() noexcept {}
    };
    using promise_type = Promise;
  };
  using Frame = std::coroutine_handle<Running::Promise>;

  static Running run(Tasks& /*owner*/, Task<> task) { co_await std::move(task); }

  boost::intrusive::list<Running::Promise, boost::intrusive::constant_time_size<false>> running_;
};

}  // namespace drawbridge::net

#include "net/disk.hpp"

#include "net/thread.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <thread>

namespace drawbridge::net {

struct Disk::State {
  struct Waiting {
    std::function<void()> work;
    std::function<void()> done;
  };

  std::mutex mutex;
  std::condition_variable arrival;
  bool stopped = false;
  std::deque<Waiting> queue;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      arrival.wait(lock, [this] { return stopped || !queue.empty(); });
      if (stopped) return;
      Waiting next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      const bool is_done = work_on(next);
      next.work = nullptr;
      lock.lock();
      // Under the lock: the destructor then knows that nothing is told after it.
      if (stopped) return;
      if (is_done) tell(next);
    }
  }

  bool ask(std::function<void()> work, std::function<void()> done) {
    const std::lock_guard lock(mutex);
    if (stopped || queue.size() >= most_waiting) return false;
    queue.push_back({std::move(work), std::move(done)});
    arrival.notify_one();
    return true;
  }

  static bool work_on(const Waiting& waiting) {
    try {
      waiting.work();
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  static void tell(const Waiting& waiting) {
    try {
      waiting.done();
    } catch (const std::bad_alloc&) {
      // Who asked hears nothing, and gives up in time.
    }
  }
};

Disk::Disk() : state_(std::make_shared<State>()) {
  std::thread([state = state_] {
    begin_thread("disk");
    state->run();
  }).detach();
}

Disk::~Disk() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->queue.clear();
  state_->arrival.notify_all();
}

bool Disk::ask(std::function<void()> work, std::function<void()> done) {
  return state_->ask(std::move(work), std::move(done));
}

std::shared_ptr<const Descriptor> Disk::closes(Descriptor file) {
  const auto close_there = [state = state_](const Descriptor* owned) noexcept {
    try {
      if (state->ask([owned] { delete owned; }, [] {})) return;
    } catch (const std::bad_alloc&) {
      // Then here.
    }
    delete owned;
  };
  return {new Descriptor(std::move(file)), close_there};
}

}  // namespace drawbridge::net

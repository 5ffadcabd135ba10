#include "operator/platform/real/loop.hpp"

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <ctime>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include "operator/platform/real/transport.hpp"

namespace llmops {

namespace asio = boost::asio;

namespace {

constexpr int kDeathStatus = 70;  // EX_SOFTWARE
constexpr Duration kFarewell{2'000};
constexpr Duration kFarewellStep{10};

std::uint64_t seed() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) bits = std::random_device()();
  return bits;
}

class RealEnv final : public Env {
 public:
  explicit RealEnv(asio::io_context& context) : context_(context), random_(seed()) {}

  Timestamp now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }

  Duration uptime() const override {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec / 1'000'000);
  }

  std::uint64_t random() override { return random_(); }
  asio::any_io_executor executor() override { return context_.get_executor(); }

  TimerId call_after(Duration delay, std::function<void()> callback) override {
    const TimerId id = ++last_timer_;
    auto& timer = timers_.try_emplace(id, context_.get_executor(), delay).first->second;
    timer.async_wait([this, id, callback = std::move(callback)](boost::system::error_code aborted) {
      // Cancelled timers are no longer in the map, also when they had expired already.
      if (aborted || timers_.erase(id) == 0) return;
      callback();
    });
    return id;
  }

  void cancel_timer(TimerId timer) override { timers_.erase(timer); }

  [[noreturn]] void die(std::string_view why) override {
    spdlog::critical("{}", why);
    spdlog::shutdown();
    std::_Exit(kDeathStatus);
  }

 private:
  asio::io_context& context_;
  std::mt19937_64 random_;
  TimerId last_timer_ = 0;
  std::unordered_map<TimerId, asio::steady_timer> timers_;
};

void listen_to(const std::shared_ptr<asio::signal_set>& signals,
               const std::shared_ptr<std::function<void(int)>>& callback) {
  signals->async_wait([signals, callback](boost::system::error_code aborted, int signal) {
    if (aborted) return;
    listen_to(signals, callback);
    (*callback)(signal);
  });
}

Task<void> flagged(Task<void> task, std::shared_ptr<bool> done, asio::io_context& context) {
  co_await std::move(task);
  *done = true;
  context.stop();
}

}  // namespace

struct Loop::Impl {
  asio::io_context context{1};
  RealEnv env{context};
  std::unique_ptr<Transport> transport = make_real_transport(env);
  std::vector<std::weak_ptr<asio::signal_set>> signals;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() {
  for (const auto& weak : impl_->signals)
    if (const auto set = weak.lock()) set->cancel();
  asio::io_context& context = impl_->context;
  context.restart();
  // Cancelled tasks end by running on, and may spawn others meanwhile.
  const auto until = std::chrono::steady_clock::now() + kFarewell;
  while (impl_->env.has_tasks() && std::chrono::steady_clock::now() < until) {
    impl_->env.cancel_all_tasks();
    if (context.poll() == 0) context.run_one_for(kFarewellStep);
    context.restart();
  }
  impl_->transport.reset();
  // What was aborted just now is only dropped when it is called.
  while (context.poll() > 0) context.restart();
}

Env& Loop::env() {
  return impl_->env;
}
Transport& Loop::transport() {
  return *impl_->transport;
}

void Loop::run() {
  const auto guard = asio::make_work_guard(impl_->context);
  impl_->context.restart();
  impl_->context.run();
}

void Loop::run_until_done(std::string name, Task<void> task) {
  const auto guard = asio::make_work_guard(impl_->context);
  const auto done = std::make_shared<bool>(false);
  impl_->context.restart();
  impl_->env.spawn(std::move(name), flagged(std::move(task), done, impl_->context));
  if (!*done) impl_->context.run();
}

void Loop::stop() {
  impl_->context.stop();
}

void Loop::post(std::function<void()> callback) {
  asio::post(impl_->context, std::move(callback));
}

void Loop::on_signal(std::initializer_list<int> signals, std::function<void(int signal)> callback) {
  const auto set = std::make_shared<asio::signal_set>(impl_->context);
  for (const int signal : signals) set->add(signal);
  impl_->signals.push_back(set);
  listen_to(set, std::make_shared<std::function<void(int)>>(std::move(callback)));
}

}  // namespace llmops

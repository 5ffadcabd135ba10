#include "tests/simulation/world/sim_env.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

struct SimEnv::Timer {
  std::function<void()> callback;
  World::EventId event = 0;
};

SimEnv::SimEnv(World& world, std::string process, std::uint64_t seed)
    : world_(world), process_(std::move(process)), random_state_(seed) {}

SimEnv::~SimEnv() {
  for (const auto& [id, timer] : timers_) world_.cancel(timer->event);
}

Timestamp SimEnv::now() const {
  return world_.options().start + local_time() + skew_;
}

Duration SimEnv::local_time() const {
  const auto passed = static_cast<double>((world_.time() - rate_since_).count());
  return local_then_ + Duration(static_cast<Duration::rep>(passed * rate_));
}

void SimEnv::set_clock(Duration skew, double rate) {
  local_then_ = local_time();
  rate_since_ = world_.time();
  skew_ = skew;
  rate_ = rate;
}

Duration SimEnv::uptime() const {
  return local_time() + Duration(3'600'000);
}

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t SimEnv::random() {
  std::uint64_t z = (random_state_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

boost::asio::any_io_executor SimEnv::executor() {
  return io_.get_executor();
}

Env::TimerId SimEnv::call_after(Duration delay, std::function<void()> callback) {
  const TimerId id = next_timer_++;
  auto timer = std::make_shared<Timer>();
  timer->callback = std::move(callback);
  // Fires into the process' own queue: a stopped process finds its timers due when it goes on.
  if (rate_ != 1)
    delay = Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) / rate_) + 1);
  timer->event = world_.schedule(delay, [this, id] {
    post([this, id] {
      const auto it = timers_.find(id);
      if (it == timers_.end()) return;
      const auto due = std::move(it->second);
      timers_.erase(it);
      due->callback();
    });
  });
  timers_.emplace(id, std::move(timer));
  return id;
}

void SimEnv::cancel_timer(TimerId id) {
  const auto it = timers_.find(id);
  if (it == timers_.end()) return;
  world_.cancel(it->second->event);
  timers_.erase(it);
}

void SimEnv::die(std::string_view why) {
  world_.note_death(process_, std::string(why));
  throw ProcessDied{std::string(why)};
}

bool SimEnv::poll_one() {
  if (io_.stopped()) io_.restart();
  return io_.poll_one() > 0;
}

void SimEnv::post(std::function<void()> callback) {
  boost::asio::post(io_, std::move(callback));
}

}  // namespace llmops::simulation

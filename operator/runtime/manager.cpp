#include "operator/runtime/manager.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "operator/runtime/metrics.hpp"

namespace llmops {
namespace {

constexpr Duration kStuckAfter{300'000};
constexpr Duration kHeartbeat{5'000};
constexpr Duration kLastWords{1'000};  // for cancelled work to end once the lease is lost

// A conflict is the ordinary way to learn of another's write; it is no one's error.
bool worth_a_warning(ErrorCode code) {
  return code != ErrorCode::Conflict && code != ErrorCode::Cancelled;
}

}  // namespace

struct Manager::Impl {
  struct Running {
    Running(Env& env, std::shared_ptr<Controller> controller_)
        : controller(std::move(controller_)), queue(env) {}
    std::shared_ptr<Controller> controller;
    WorkQueue queue;
    std::set<kube::ObjectKey> parked;  // wait for the caches to see their own writes
    std::map<kube::ObjectKey, Duration> busy_since;
  };

  Impl(Env& env_, kube::Client& client_, ManagerOptions options_)
      : env(env_),
        client(client_),
        options(std::move(options_)),
        elector(env, client.with_pool("lease"), options.elector) {}

  bool caches_synced() const {
    return std::all_of(caches.begin(), caches.end(), [](const auto* cache) { return cache->synced(); });
  }
  bool leads() const { return !options.leader_election || elector.leading(); }

  void start_caches();
  void start_workers();
  Task<void> follow_progress(kube::CacheBase* cache);
  Task<void> elect();
  Task<void> beat();
  Task<void> work(Running* running);
  Task<void> work_on(Running* running, kube::ObjectKey key);
  Task<void> stop_in_order();
  Task<void> end_or_die();
  Task<bool> wait_for(std::vector<TaskHandle>* tasks, Duration limit);
  void report(const Running& running, const kube::ObjectKey& key, const Error& error, Duration delay);
  void count(const Running& running, const char* result, Duration took);
  void describe_metrics();

  Env& env;
  kube::Client& client;
  ManagerOptions options;
  Elector elector;
  OwnWrites own_writes;
  std::vector<kube::CacheBase*> caches;
  std::vector<std::unique_ptr<Running>> controllers;
  std::vector<TaskHandle> cache_tasks;
  std::vector<TaskHandle> workers;
  TaskHandle election;
  TaskHandle heart;
  Notify changed;
  bool stopping = false;
  bool election_ended = false;
  Duration last_beat{0};
};

Manager::Manager(Env& env, kube::Client& client, ManagerOptions options)
    : impl_(std::make_unique<Impl>(env, client, std::move(options))) {}
Manager::~Manager() = default;

void Manager::add_cache(kube::CacheBase& cache) {
  impl_->caches.push_back(&cache);
}

void Manager::add_controller(std::shared_ptr<Controller> controller) {
  impl_->controllers.push_back(std::make_unique<Impl::Running>(impl_->env, std::move(controller)));
}

OwnWrites& Manager::own_writes() {
  return impl_->own_writes;
}
bool Manager::ready() const {
  return impl_->caches_synced() && !impl_->stopping;
}
bool Manager::leading() const {
  return impl_->leads();
}

bool Manager::healthy() const {
  const Duration now = impl_->env.uptime();
  if (now - impl_->last_beat > kStuckAfter) return false;
  for (const auto& running : impl_->controllers) {
    for (const auto& [key, since] : running->busy_since) {
      if (now - since > kStuckAfter) return false;
    }
  }
  return true;
}

void Manager::stop() {
  impl_->stopping = true;
  impl_->changed.notify_all();
}

Task<RunEnd> Manager::run() {
  Impl& self = *impl_;
  self.last_beat = self.env.uptime();
  self.describe_metrics();
  self.heart = self.env.spawn("heartbeat", self.beat());
  for (auto& running : self.controllers) running->controller->watch(running->queue);
  self.start_caches();
  if (self.options.leader_election) self.election = self.env.spawn("election", self.elect());
  bool working = false;
  while (!self.stopping && !self.election_ended) {
    if (!working && self.leads() && self.caches_synced()) {
      working = true;
      self.start_workers();
    }
    if (co_await self.env.wait(self.changed) == Wake::Cancelled) self.stopping = true;
  }
  const bool lost = self.election_ended && !self.stopping;
  if (lost) co_await self.end_or_die();
  co_await self.stop_in_order();
  co_return lost ? RunEnd::LeaseLost : RunEnd::Stopped;
}

void Manager::Impl::start_caches() {
  for (auto* cache : caches) {
    if (options.log) {
      cache->on_failure([log = options.log, cache](const Error& error) {
        log->warn("cache of {}: {}; tried again after a while", cache->type().plural, error.message);
      });
    }
    cache_tasks.push_back(env.spawn("cache " + std::string(cache->type().plural), cache->run(client)));
    cache_tasks.push_back(env.spawn("progress " + std::string(cache->type().plural), follow_progress(cache)));
  }
}

void Manager::Impl::start_workers() {
  for (auto& running : controllers) {
    for (int i = 0; i < options.workers_per_controller; ++i)
      workers.push_back(env.spawn("worker " + running->controller->name(), work(running.get())));
  }
}

// Wakes run() when the last cache has synced, and keys whose own writes this cache has now seen.
Task<void> Manager::Impl::follow_progress(kube::CacheBase* cache) {
  for (;;) {
    for (auto& running : controllers) {
      const std::set<kube::ObjectKey> parked = running->parked;
      for (const auto& key : parked) {
        if (!own_writes.seen(key)) continue;
        running->parked.erase(key);
        running->queue.add(key);
      }
    }
    changed.notify_all();
    if (co_await env.wait(cache->progress()) == Wake::Cancelled) co_return;
  }
}

Task<void> Manager::Impl::elect() {
  co_await elector.run([this] {
    if (options.log) options.log->info("leading as {}", options.elector.identity);
    changed.notify_all();
  });
  election_ended = true;
  changed.notify_all();
}

Task<void> Manager::Impl::beat() {
  for (;;) {
    last_beat = env.uptime();
    const Result<void> slept = co_await env.sleep(kHeartbeat);
    if (!slept.ok()) co_return;
  }
}

Task<void> Manager::Impl::work(Running* running) {
  for (;;) {
    const std::optional<kube::ObjectKey> key = co_await running->queue.next();
    if (!key) co_return;
    if (!own_writes.seen(*key)) {
      running->parked.insert(*key);
      running->queue.done(*key);
      continue;
    }
    co_await work_on(running, *key);
  }
}

Task<void> Manager::Impl::work_on(Running* running, kube::ObjectKey key) {
  const Duration started = env.uptime();
  running->busy_since[key] = started;
  const Result<ReconcileOutcome> outcome = co_await running->controller->reconcile(key);
  running->busy_since.erase(key);
  const Duration took = env.uptime() - started;
  if (outcome.ok()) {
    running->queue.forget(key);
    if (outcome->requeue_after) running->queue.add_after(key, *outcome->requeue_after);
    count(*running, "success", took);
  } else if (outcome.error().code != ErrorCode::Cancelled) {
    const Duration delay = running->queue.add_failed(key);
    report(*running, key, outcome.error(), delay);
    count(*running, "error", took);
  }
  running->queue.done(key);
}

// Whatever did not end now would end after another leads.
Task<void> Manager::Impl::end_or_die() {
  for (auto& worker : workers) worker.cancel();
  for (auto& task : cache_tasks) task.cancel();
  std::vector<TaskHandle> tasks = workers;
  tasks.insert(tasks.end(), cache_tasks.begin(), cache_tasks.end());
  if (!co_await wait_for(&tasks, kLastWords)) env.die("the lease was lost, and not all work ended");
}

// True: all have ended in time.
Task<bool> Manager::Impl::wait_for(std::vector<TaskHandle>* tasks, Duration limit) {
  const Duration deadline = env.uptime() + limit;
  // Ends are polled: a join that is cut short would have to be a task of its own.
  static constexpr Duration kLook{20};
  const auto all_done = [tasks] {
    return std::all_of(tasks->begin(), tasks->end(), [](const TaskHandle& task) { return task.done(); });
  };
  while (!all_done() && env.uptime() < deadline) {
    const Result<void> slept = co_await env.sleep(kLook);
    if (!slept.ok()) break;
  }
  co_return all_done();
}

// Workers first, the lease last: whoever takes over must not meet our writes.
Task<void> Manager::Impl::stop_in_order() {
  for (auto& running : controllers) running->queue.shut_down();
  (void)co_await wait_for(&workers, options.shutdown_limit);
  for (auto& worker : workers) worker.cancel();
  for (auto& worker : workers) co_await worker.join();
  for (auto& task : cache_tasks) task.cancel();
  for (auto& task : cache_tasks) co_await task.join();
  election.cancel();
  co_await election.join();
  if (options.leader_election) co_await elector.release();
  heart.cancel();
  co_await heart.join();
}

void Manager::Impl::report(const Running& running, const kube::ObjectKey& key, const Error& error,
                           Duration delay) {
  if (!options.log) return;
  const auto level = worth_a_warning(error.code) ? spdlog::level::warn : spdlog::level::debug;
  options.log->log(level, "{} {}: {} ({}); again in {}", running.controller->name(), key.to_string(),
                   error.message, to_string(error.code), format_duration(delay));
}

void Manager::Impl::describe_metrics() {
  if (!options.metrics) return;
  options.metrics->describe(metrics::kReconciles);
  options.metrics->describe(metrics::kReconcileSeconds, {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10});
}

void Manager::Impl::count(const Running& running, const char* result, Duration took) {
  if (!options.metrics) return;
  options.metrics->add(metrics::kReconciles.name,
                       {{"controller", running.controller->name()}, {"result", result}});
  options.metrics->observe(metrics::kReconcileSeconds.name, {{"controller", running.controller->name()}},
                           static_cast<double>(took.count()) / 1000.0);
}

}  // namespace llmops

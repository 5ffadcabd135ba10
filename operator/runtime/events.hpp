// Kubernetes Events about our objects: bounded, aggregated, best effort.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "operator/kube/client.hpp"
#include "operator/kube/object.hpp"

namespace llmops {

enum class EventType { Normal, Warning };

struct ObjectReference {
  std::string api_version, kind, ns, name, uid, resource_version;
};

// Never blocks a reconcile: a bounded queue (1,000; the oldest falls out), written by a task of its own.
// The same (type, reason, object, note) within 6 minutes becomes one Event with a series. Notes are at most
// 1 kB and hold no clock times, else nothing would aggregate.
class EventRecorder {
 public:
  EventRecorder(Env& env, kube::Client& client, std::string reporting_controller,
                std::string reporting_instance);
  void record(const ObjectReference& regarding, EventType type, std::string_view reason,
              std::string_view action, std::string_view note);
  Task<void> run();
  // Writes what is queued, for at most `limit`.
  Task<void> flush(Duration limit);

 private:
  struct Pending {
    ObjectReference regarding;
    EventType type;
    std::string reason, action, note;
    Timestamp at;
  };
  struct Series {
    std::string name;
    std::string resource_version;
    int count = 1;
    Timestamp last, written;
  };
  Task<Result<void>> write(Pending event);
  Task<Result<void>> drain();
  Task<Result<void>> create(std::string series_key, Pending event);
  Task<Result<void>> count_again(std::string series_key, Pending event);
  void forget_old_series(Timestamp now);

  Env& env_;
  kube::Client& client_;
  std::string controller_, instance_;
  std::deque<Pending> queue_;
  std::map<std::string, Series> series_;
  Timestamp swept_{};
  Notify added_;
  bool writing_ = false;
};

}  // namespace llmops

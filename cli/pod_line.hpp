// A pod as the live view shows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crds/base/json.hpp"
#include "crds/base/time.hpp"

namespace llmops::cli {

struct PodLine {
  std::string name;
  std::string component;     // engine | gateway | evaluator
  std::string serving_hash;  // short; of an engine
  std::string eval_run;      // of an evaluator
  std::string state;         // kubectl's word: Running, ContainerCreating, CrashLoopBackOff, Init:0/1, …
  std::string trouble;       // why it has no node; empty: it has one
  int ready = 0, containers = 0;
  int restarts = 0;
  std::optional<Timestamp> created;

  friend bool operator==(const PodLine&, const PodLine&) = default;
};

PodLine read_pod(const Json& pod);

std::string_view icon_of(const PodLine& pod);

// "ready:1/1,restarts:2"
std::string info_of(const PodLine& pod);

}  // namespace llmops::cli

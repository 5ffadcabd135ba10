// Plays a program against one API server, through the seam that the operator itself uses.
#pragma once

#include <string>
#include <vector>

#include "crds/base/json.hpp"
#include "operator/kube/client.hpp"
#include "tests/integration/conformance/program.hpp"

namespace llmops::conformance {

struct Answer {
  std::string request;  // for people
  const kube::ResourceType* type = nullptr;
  int status = 0;  // 0: none came
  Json body;
};

struct Event {
  std::string type;  // ADDED, …, or the error that ended the watch
  Json object;
};

struct WatchLog {
  std::string request;
  const kube::ResourceType* type = nullptr;
  std::vector<Event> events;  // without bookmarks
};

struct Transcript {
  std::vector<std::string> namespaces;
  std::vector<Answer> answers;
  std::vector<WatchLog> watches;
};

// One server, and who asks it.
struct Side {
  Env& env;
  Transport& transport;
  kube::ClientConfig config;
};

// One request as kube::Client sends it, but for retries.
Task<Answer> send(Side& side, const kube::ResourceType* type, HttpRequest request);

// Plays in two namespaces that are there and empty. Every watch is read up to an object that is made at the
// end.
Task<Transcript> play(Side& side, const Program& program, std::vector<std::string> namespaces);

}  // namespace llmops::conformance

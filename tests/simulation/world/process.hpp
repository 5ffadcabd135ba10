// Inside of the world: one process with its connections. Included by world.cpp and sim_transport.cpp only.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/world/sim_transport.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {

// What all requests to one listening port share; outlives the Server while handlers still run.
struct Listener {
  ListenOptions options;
  std::uint16_t port = 0;
  Handler handler;
  Notify ended;
  std::set<std::shared_ptr<Connection>> answering;
};

struct Process {
  std::string name;
  Start factory;
  int starts = 0;
  bool paused = false;
  bool doomed = false;            // dies when its running handler has returned
  bool crash_when_quiet = false;  // dies when it has nothing ready, or tries to send
  std::optional<Duration> restart_after;
  std::optional<Duration> respawn;

  int writes = 0;
  std::vector<Crash> plan;
  std::optional<Stall> stall;
  Duration skew{0};
  double rate = 1;
  std::map<std::size_t, Crash> open_crashes;  // by number in the write log: decided when the answer comes

  // In this order: the program goes first, then what it used.
  std::unique_ptr<SimEnv> env;
  std::unique_ptr<SimTransport> transport;
  std::unique_ptr<Program> program;

  bool running() const { return env != nullptr && env->alive(); }
};

// One exchange on its way: made by the client, shared with the server.
struct Connection {
  Process* client = nullptr;
  int client_start = 0;
  Process* server = nullptr;
  int server_start = 0;
  std::string pool;
  HttpRequest request;
  std::optional<std::size_t> record;  // of a counted write

  Duration last_to_server{0}, last_to_client{0};  // messages of one direction keep their order
  bool answers_lost = false;

  // The client's view.
  Notify changed;
  bool head = false;
  int status = 0;
  Headers headers;
  std::deque<std::string> chunks;
  bool complete = false;
  std::optional<Error> failure;
  bool closed_by_client = false;

  // The server's view.
  TaskHandle handler;
  bool client_gone = false;
};

}  // namespace llmops::simulation

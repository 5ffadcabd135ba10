// Counting, logging and crashing at writes to the API server.
#include <algorithm>
#include <utility>

#include "crds/base/json.hpp"
#include "tests/simulation/world/process.hpp"
#include "tests/simulation/world/world.hpp"

namespace llmops::simulation {
namespace {

std::vector<std::string> path_parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    if (path.front() == '/') path.remove_prefix(1);
    const auto end = path.find('/');
    if (!path.substr(0, end).empty()) parts.push_back(percent_decode(path.substr(0, end)));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  }
  return parts;
}

std::optional<WriteRecord> record_of(const HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  std::vector<std::string> parts = path_parts(request.path());
  if (parts.empty() || (parts[0] != "api" && parts[0] != "apis")) return std::nullopt;
  std::size_t at = parts[0] == "api" ? 2 : 3;
  WriteRecord record;
  record.verb = request.method;
  if (at + 1 < parts.size() && parts[at] == "namespaces" && at + 2 < parts.size()) {
    record.ns = parts[at + 1];
    at += 2;
  }
  if (at >= parts.size()) return std::nullopt;
  record.resource = parts[at];
  if (record.resource == "leases" || record.resource == "events") return std::nullopt;
  if (at + 1 < parts.size()) record.name = parts[at + 1];
  if (at + 2 < parts.size()) record.resource += "/" + parts[at + 2];
  if (record.name.empty()) {
    const auto body = parse_json(request.body);
    if (body.ok()) record.name = string_at(*body, "metadata.name");
  }
  return record;
}

}  // namespace

std::string WriteRecord::to_string() const {
  return verb + " " + resource + " " + (ns.empty() ? name : ns + "/" + name);
}

void World::write_plan(const std::string& name, std::vector<Crash> crashes) {
  find(name)->plan = std::move(crashes);
}

int World::writes(const std::string& name) const {
  const Process* process = find(name);
  return process ? process->writes : 0;
}

bool World::crashes_before_send(Process& process, const HttpRequest& request,
                                std::optional<std::size_t>& record) {
  if (process.crash_when_quiet) {
    process.doomed = true;
    return true;
  }
  auto write = record_of(request);
  if (!write) return false;
  const int number = ++process.writes;
  const auto planned = std::find_if(process.plan.begin(), process.plan.end(),
                                    [number](const Crash& crash) { return crash.write == number; });
  if (planned != process.plan.end() && planned->point == CrashPoint::BeforeSend) {
    ++crashes_;
    doom(process, planned->restart_after);
    return true;
  }
  write->process = process.name;
  write->at = time_;
  record = write_log_start_ + write_log_.size();
  write_log_.push_back(std::move(*write));
  if (planned != process.plan.end()) process.open_crashes.emplace(*record, *planned);
  return false;
}

void World::stall_plan(const std::string& name, Stall stall) {
  find(name)->stall = stall;
}

Duration World::stall(Process& process, std::optional<std::size_t> record) {
  if (!record || !process.stall || process.stall->write != process.writes) return Duration(0);
  const Stall stall = *std::exchange(process.stall, std::nullopt);
  ++stalls_;
  process.paused = true;
  schedule(stall.duration, [this, name = process.name] { resume(name); });
  return stall.point == CrashPoint::BeforeSend ? stall.duration : Duration(0);
}

void World::note_answer(std::optional<std::size_t> record, int status) {
  if (record && *record >= write_log_start_) write_log_[*record - write_log_start_].status = status;
}

bool World::answer_arrives(Process& process, std::optional<std::size_t> record) {
  if (!record) return true;
  const auto open = process.open_crashes.find(*record);
  if (open == process.open_crashes.end()) return true;
  const Crash crash = open->second;
  process.open_crashes.erase(open);
  ++crashes_;
  if (crash.point == CrashPoint::AfterCommit) {
    doom(process, crash.restart_after);
    return false;
  }
  process.crash_when_quiet = true;
  process.restart_after = crash.restart_after;
  return true;
}

}  // namespace llmops::simulation

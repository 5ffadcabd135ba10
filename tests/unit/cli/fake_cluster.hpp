// The verbs that speak to a cluster, over real sockets on the loopback: one server plays API server and
// gateway.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "cli/network.hpp"
#include "fixtures.hpp"
#include "operator/platform/real/loop.hpp"
#include "run_cli.hpp"

namespace llmops::cli {

using testing_support::CliRun;
using testing_support::release_object;

inline const std::string kCollection = "/apis/llmops.dev/v1alpha1/namespaces/shop/modeldeployments";
inline const std::string kEvalRunCollection = "/apis/llmops.dev/v1alpha1/namespaces/shop/evalruns";
inline const std::string kPodCollection = "/api/v1/namespaces/shop/pods";

class ClusterVerbs : public ::testing::Test {
 protected:
  void SetUp() override {
    ListenOptions listen;
    listen.address = "127.0.0.1";
    auto serving =
        loop_.transport().serve(listen, [this](ServerExchange& exchange) { return answer(&exchange); });
    ASSERT_TRUE(serving) << serving.error().message;
    server_ = std::move(*serving);
    kubeconfig_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("kubeconfig-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::ofstream(kubeconfig_) << "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:"
                               << server_->port() << "'}}]\nusers: [{name: u, user: {token: secret}}]\n"
                               << "contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}]\n"
                               << "current-context: x\n";
  }
  void TearDown() override { std::filesystem::remove(kubeconfig_); }

  CliRun run(std::vector<std::string> arguments, const std::string& input = {}) {
    if (arguments[0] != "chat" || std::find(arguments.begin(), arguments.end(), "--url") == arguments.end())
      arguments.insert(arguments.end(), {"--kubeconfig", kubeconfig_.string()});
    std::istringstream in(input);
    out_.str("");
    std::ostringstream err;
    Network network{loop_.env(), loop_.transport(),
                    [this](Task<void> task) { loop_.run_until_done("verb", std::move(task)); }};
    Context context{in, out_, err, [] { return testing_support::at(testing_support::kNow); }, &network};
    context.terminal = terminal_;
    CliRun ran;
    ran.code = run_program("llmops", arguments, context);
    ran.out = out_.str();
    ran.err = err.str();
    return ran;
  }

  // What a GET of the collection answers.
  void keep(std::vector<Json> objects) {
    Json list = {{"metadata", {{"resourceVersion", "100"}}}, {"items", objects}};
    answers_[kCollection] = dump_json(list);
    list["items"] = Json::array();
    answers_.try_emplace(kEvalRunCollection, dump_json(list));
    answers_.try_emplace(kPodCollection, dump_json(list));
    for (const Json& object : objects)
      answers_[kCollection + "/" + string_at(object, "metadata.name")] = dump_json(object);
  }
  void keep_records() {
    Json runs = {{"metadata", {{"resourceVersion", "100"}}},
                 {"items", testing_support::read_fixture("evalruns.json")}};
    answers_[kEvalRunCollection] = dump_json(runs);
    for (const Json& object : testing_support::read_fixture("controllerrevisions.json"))
      answers_["/apis/apps/v1/namespaces/shop/controllerrevisions/" + string_at(object, "metadata.name")] =
          dump_json(object);
  }
  void keep_service(const std::string& address) {
    const Json service = {{"metadata", {{"name", "support-bot"}, {"namespace", "shop"}}},
                          {"spec", {{"clusterIP", address}, {"ports", {{{"port", server_->port()}}}}}}};
    answers_["/api/v1/namespaces/shop/services/support-bot"] = dump_json(service);
  }
  // Of the watch of ModelDeployments that is still to come.
  void watch_gives(const std::string& type, const Json& object) { watch_gives(kCollection, type, object); }
  void watch_gives(const std::string& path, const std::string& type, const Json& object) {
    auto& watches = watches_[path];
    if (watches.empty()) watches.emplace_back();
    watches.back() += dump_json({{"type", type}, {"object", object}}) + "\n";
  }
  // What was given until now came; the next watch gives the rest.
  void watch_ends() { watches_[kCollection].emplace_back(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  Loop loop_;
  std::ostringstream out_;
  std::unique_ptr<Server> server_;
  std::filesystem::path kubeconfig_;
  std::map<std::string, std::string> answers_;
  std::map<std::string, std::deque<std::string>> watches_;  // by path: what each watch gives
  std::vector<HttpRequest> asked_;
  std::vector<Json> chats_;
  std::string completion_ = R"({"choices":[{"message":{"content":"14일 이내입니다."}}]})";
  int completion_status_ = 200;
  bool terminal_ = false;
  bool gateway_open_ = true;
  std::vector<std::string> commands_;
  int conflicts_ = 0;
  bool accepts_ = true;
  bool operator_runs_ = true;
  std::function<void()> on_watch_;
  std::string forbidden_;  // a path

 private:
  Task<void> answer(ServerExchange* exchange) {
    const HttpRequest request = exchange->request();
    asked_.push_back(request);
    const std::string path(request.path());
    if (path.ends_with("/v1/models")) {
      const std::string models = gateway_open_ ? R"({"data":[{"id":"support-bot"}]})" : R"({"data":[]})";
      (void)co_await exchange->respond(200, {{"content-type", "application/json"}}, models);
    } else if (path.ends_with("/v1/chat/completions")) {
      co_await chat(exchange, request);
    } else if (path == forbidden_) {
      (void)co_await exchange->respond(
          403, {}, R"({"kind":"Status","reason":"Forbidden","message":"may not list it","code":403})");
    } else if (request.query("watch") == "1") {
      if (on_watch_ && path == kCollection) on_watch_();
      std::string events;
      if (auto& watches = watches_[path]; !watches.empty()) {
        events = std::move(watches.front());
        watches.pop_front();
      }
      (void)co_await exchange->start(200, {{"content-type", "application/json"}});
      // Nothing happens before the first view was shown.
      while (!events.empty() && out_.tellp() == std::ostringstream::pos_type(0)) {
        const auto slept = co_await loop_.env().sleep(Duration(1));
        if (!slept) co_return;
      }
      if (!events.empty()) (void)co_await exchange->write(events);
      // Where nothing is left to give, the watch goes on until the client goes.
      if (events.empty()) (void)co_await loop_.env().sleep(Duration(60'000));
      (void)co_await exchange->finish();
    } else if (request.method == "PUT") {
      co_await obey(exchange, request);
    } else if (const auto found = answers_.find(path); found != answers_.end()) {
      (void)co_await exchange->respond(200, {{"content-type", "application/json"}}, found->second);
    } else {
      (void)co_await exchange->respond(
          404, {}, R"({"kind":"Status","reason":"NotFound","message":"not found","code":404})");
    }
  }

  // An operator that looks at a command as soon as it is written.
  Task<void> obey(ServerExchange* exchange, const HttpRequest& request) {
    if (conflicts_ > 0) {
      --conflicts_;
      (void)co_await exchange->respond(
          409, {}, R"({"kind":"Status","reason":"Conflict","message":"modified","code":409})");
      co_return;
    }
    Json object = parse_json(request.body).value();
    commands_.push_back(object["metadata"]["annotations"]["llmops.dev/command"].get<std::string>());
    const std::string& command = commands_.back();
    const std::size_t id = command.find("id=") + 3;
    if (operator_runs_)
      object["status"]["lastCommand"] = {{"id", command.substr(id, command.find(' ', id) - id)},
                                         {"accepted", accepts_},
                                         {"result", accepts_ ? "ended step 1" : "no release is on"},
                                         {"time", "2026-11-21T10:00:00Z"}};
    answers_[std::string(request.path())] = dump_json(object);
    (void)co_await exchange->respond(200, {{"content-type", "application/json"}}, dump_json(object));
  }

  Task<void> chat(ServerExchange* exchange, const HttpRequest& request) {
    chats_.push_back(parse_json(request.body).value());
    Headers headers{{"x-llmops-revision", "2"},
                    {"x-llmops-revision-hash", "005d53ec37"},
                    {"x-llmops-arm", "stable"},
                    {"x-llmops-epoch", "3"}};
    if (!chats_.back()["stream"].get<bool>() || completion_status_ != 200) {
      (void)co_await exchange->respond(completion_status_, headers, completion_);
      co_return;
    }
    (void)co_await exchange->start(200, headers);
    for (const char* text : {"14일 ", "이내입니다."}) {
      const std::string event =
          std::string("data: {\"choices\":[{\"delta\":{\"content\":\"") + text + "\"}}]}\n\n";
      (void)co_await exchange->write(event);
    }
    if (completion_ != "cut") (void)co_await exchange->write("data: [DONE]\n\n");
    (void)co_await exchange->finish();
  }
};

}  // namespace llmops::cli

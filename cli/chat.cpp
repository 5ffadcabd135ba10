// llmops chat: a conversation with what users have.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <istream>
#include <ostream>

#include "cli/chat_answer.hpp"
#include "cli/chat_way.hpp"
#include "cli/cluster.hpp"
#include "cli/network.hpp"
#include "cli/output_format.hpp"
#include "cli/release.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "crds/base/defaults.hpp"

namespace llmops::cli {
namespace {

constexpr std::size_t kMaxAnswerBytes = 16u << 20;
constexpr Duration kProbeTimeout{3'000};

struct ChatFlags {
  std::string name;
  std::string message;
  std::string conversation;
  std::string url;
  std::string variables;
  bool stream = false;
  OutputFormat format = OutputFormat::Text;
};

std::string random_conversation(Env& env) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id = "chat-";
  for (std::uint64_t bits = env.random(), i = 0; i < 16; ++i, bits >>= 4) id += kDigits[bits & 0xF];
  return id;
}

class Chat {
 public:
  Chat(Context& context, const ChatFlags& flags, const ClusterFlags& cluster)
      : context_(context), flags_(flags), cluster_(cluster), network_(*context.network) {}

  Task<int> run() {
    if (!flags_.variables.empty()) {
      auto variables = parse_json(flags_.variables);
      if (!variables || !variables->is_object())
        co_return end_with_error(
            {ErrorCode::InvalidArgument, "--vars: found " + flags_.variables + ", allowed a JSON object"},
            context_);
      variables_ = std::move(*variables);
    }
    auto ready = flags_.url.empty() ? co_await find_gateway() : co_await go_to_url();
    if (!ready) co_return end_with_error(ready.error(), context_);
    conversation_ = flags_.conversation.empty() ? random_conversation(network_.env) : flags_.conversation;
    if (!flags_.message.empty()) co_return co_await turn(flags_.message);
    int code = kGood;
    for (std::string line; read_line(line);) {
      if (line.empty()) continue;
      const int ended = co_await turn(line);
      code = std::max<int>(code, ended);
      if (ended == kUnmeasured) break;
    }
    co_return code;
  }

 private:
  bool read_line(std::string& line) {
    if (context_.interactive) context_.err << "> " << std::flush;
    if (!std::getline(context_.in, line)) return false;
    if (line.ends_with('\r')) line.pop_back();
    return true;
  }

  HttpRequest request(std::string method, const std::string& path) const {
    HttpRequest made(std::move(method), way_.prefix + path);
    if (!way_.bearer_token.empty()) made.headers.set("Authorization", "Bearer " + way_.bearer_token);
    made.headers.set("User-Agent", "llmops/" LLMOPS_VERSION);
    return made;
  }

  // Asks way_ for its models before anything is said to it: another machine may have that address here.
  Task<Result<void>> try_way(std::string wanted) {
    ExchangeOptions options;
    options.connect_timeout = kProbeTimeout;
    options.head_timeout = kProbeTimeout;
    options.reuse_connection = false;
    const HttpRequest probe = request("GET", "/v1/models");
    auto response = co_await network_.transport.exchange(way_.peer, probe, options);
    if (!response) co_return response.error();
    auto body = co_await llmops::read_all(*response->body, kMaxAnswerBytes);
    if (!body) co_return body.error();
    if (response->status != 200)
      co_return Error{ErrorCode::Unavailable,
                      "HTTP " + std::to_string(response->status) + ": " + error_text(*body)};
    auto model = choose_model(*body, wanted);
    if (!model) co_return model.error();
    model_ = std::move(*model);
    co_return Result<void>();
  }

  Task<Result<void>> go_to_url() {
    auto way = way_of_url(flags_.url);
    if (!way) co_return way.error();
    way_ = std::move(*way);
    auto reached = co_await try_way(flags_.name);
    if (!reached) co_return Error{ErrorCode::Unavailable, flags_.url + ": " + reached.error().message};
    co_return reached;
  }

  Task<Result<void>> find_gateway() {
    auto cluster = find_cluster(cluster_, context_);
    if (!cluster) co_return cluster.error();
    kube::Client client(network_.env, network_.transport, cluster->config);
    const kube::ObjectKey key{cluster->ns, flags_.name};
    auto object = co_await client.get(kube::kModelDeployments, key);
    if (!object) co_return object.error();
    auto release = read_release(*object);
    if (!release) co_return release.error();
    const kube::ObjectKey service_key{key.ns, service_of_url(release->status.url.value_or(""))};
    if (service_key.name.empty())
      co_return Error{ErrorCode::Unavailable,
                      "ModelDeployment " + key.to_string() + " has no address yet (status.url)"};
    auto service = co_await client.get(kube::kServices, service_key);
    if (!service) co_return service.error();
    auto credentials = cluster->config.credentials();
    if (!credentials) co_return credentials.error();
    std::string tried;
    for (ChatWay& way : ways_to_service(*service, cluster->config, *credentials)) {
      way_ = std::move(way);
      auto reached = co_await try_way(release->served_model);
      if (reached) co_return reached;
      tried += "\n  " + way_.description + ": " + reached.error().message;
    }
    co_return Error{ErrorCode::Unavailable,
                    "the gateway of " + flags_.name + " cannot be reached from here:" + tried +
                        "\nOpen a way with: kubectl port-forward -n " + service_key.ns + " service/" +
                        service_key.name + " 8080:80\nand say: llmops chat " + flags_.name +
                        " --url http://127.0.0.1:8080"};
  }

  Task<int> turn(std::string text) {
    messages_.push_back({{"role", "user"}, {"content", std::move(text)}});
    Json body = {{"model", model_}, {"messages", messages_}, {"stream", flags_.stream}};
    if (!variables_.is_null()) body["prompt"]["variables"] = variables_;
    HttpRequest sent = request("POST", "/v1/chat/completions");
    sent.headers.set("Content-Type", "application/json");
    sent.headers.set("x-conversation-id", conversation_);
    sent.body = dump_json(body);
    ExchangeOptions options;
    options.head_timeout = defaults::kEngineRequestTimeout;
    options.idle_timeout = defaults::kEngineRequestTimeout;
    options.reuse_connection = false;  // one that went stale while a person thought would lose the message
    auto response = co_await network_.transport.exchange(way_.peer, sent, options);
    if (!response) co_return lost(response.error());
    const std::string who = lineage(response->headers);
    auto answer = response->status == 200 && flags_.stream ? co_await print_stream(*response)
                                                           : co_await print_whole(*response);
    context_.out << std::flush;
    if (!who.empty()) context_.err << who << "\n" << std::flush;
    if (!answer) co_return lost(answer.error());
    if (flags_.format == OutputFormat::Json) {
      Json line = lineage_json(response->headers);
      line["conversation"] = conversation_;
      line["answer"] = *answer;
      context_.out << dump_json(line) << "\n" << std::flush;
    }
    messages_.push_back({{"role", "assistant"}, {"content", std::move(*answer)}});
    co_return kGood;
  }

  // A turn without an answer is no part of the conversation.
  int lost(const Error& error) {
    messages_.erase(messages_.size() - 1);
    context_.err << "llmops: " << error.message << "\n" << std::flush;
    return error.code == ErrorCode::Internal ? kBad : kUnmeasured;
  }

  void print(const std::string& text) {
    if (flags_.format == OutputFormat::Text) context_.out << text << std::flush;
  }

  Task<Result<std::string>> print_whole(HttpResponse& response) {
    auto body = co_await llmops::read_all(*response.body, kMaxAnswerBytes);
    if (!body) co_return body.error();
    if (response.status != 200)
      co_return Error{ErrorCode::Internal,
                      "HTTP " + std::to_string(response.status) + ": " + error_text(*body)};
    auto text = answer_text(*body);
    if (!text) co_return Error{ErrorCode::Internal, text.error().message};
    print(*text + "\n");
    co_return text;
  }

  Task<Result<std::string>> print_stream(HttpResponse& response) {
    AnswerStream stream;
    std::string whole;
    for (;;) {
      auto chunk = co_await response.body->read();
      if (!chunk || chunk->empty()) break;
      auto text = stream.feed(*chunk);
      if (!text) {
        print("\n");
        co_return Error{ErrorCode::Internal, text.error().message};
      }
      whole += *text;
      print(*text);
    }
    print("\n");
    if (!stream.done()) co_return Error{ErrorCode::Internal, "the answer was cut in the middle"};
    co_return whole;
  }

  Context& context_;
  const ChatFlags& flags_;
  const ClusterFlags& cluster_;
  Network& network_;
  ChatWay way_;
  std::string model_;
  std::string conversation_;
  Json variables_;
  Json messages_ = Json::array();
};

class ChatVerb final : public Verb {
 public:
  std::string name() const override { return "chat"; }
  std::string description() const override { return "Talk to what users have, through the gateway"; }
  void add_options(CLI::App& app) override {
    app.add_option("name", flags_.name, "ModelDeployment")->type_name(kModelDeploymentValue)->required();
    app.add_option("-m,--message", flags_.message,
                   "what to say (default: the lines of standard input, one a turn)");
    app.add_flag("--stream", flags_.stream, "print the answer while it is written");
    app.add_option("--conversation", flags_.conversation,
                   "value of x-conversation-id (default: a random one)");
    app.add_option("--vars", flags_.variables, "values of the prompt's variables, a JSON object");
    app.add_option("--url", flags_.url,
                   "where the gateway is (default: its Service, then the API server's proxy)");
    add_output_option(app, flags_.format);
    add_cluster_options(app, cluster_);
  }

  int run(Context& context) override {
    if (!context.network)
      return end_with_error({ErrorCode::Unavailable, "this program was started without a network"}, context);
    Chat chat(context, flags_, cluster_);
    return wait_for(*context.network, chat.run());
  }

 private:
  ChatFlags flags_;
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_chat() {
  return std::make_unique<ChatVerb>();
}

}  // namespace llmops::cli

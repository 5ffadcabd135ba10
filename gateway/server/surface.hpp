// What sets OpenAI's three model endpoints apart. One exchange (model_exchange.hpp) serves them all.
#pragma once

#include <string>
#include <string_view>

#include "crds/base/result.hpp"
#include "gateway/router/revision.hpp"
#include "gateway/server/answer_guard.hpp"
#include "gateway/server/model_request.hpp"
#include "gateway/server/request_texts.hpp"

namespace llmops::gateway {

// What the engine is asked instead of what the client said.
struct EngineQuestion {
  Json members = Json::object();  // of the body; null: not the client's either
  std::string system_prompt;      // as rendered; empty where there is none
};

class Surface {
 public:
  virtual ~Surface() = default;

  // Of the gateway and of the engine.
  virtual std::string_view path() const = 0;
  // Whether the engine is asked for a stream, and what its choices look like.
  virtual bool streams() const = 0;
  virtual AnswerShape shape() const = 0;
  // Which turn of its conversation a request is, from 1; 0: its kind is never a trial of a live gate.
  virtual int turn(const ModelRequest& request) const = 0;
  // Errors: InvalidArgument or TooLarge, beginning with the field at fault.
  virtual Result<ModelRequest> parse(std::string_view body) const = 0;
  // Errors: InvalidArgument when this revision cannot be asked in this way.
  virtual Result<void> admit(const ModelRequest& request, const Revision& revision) const = 0;
  // Everything of the request that the model will read. Points into it and changes nothing.
  virtual RequestTexts texts(ModelRequest& request) const = 0;
  // `known_variables`: of all revisions in service. Errors: InvalidArgument for the client.
  virtual Result<EngineQuestion> question(const ModelRequest& request, const Revision& revision,
                                          const VariableNames& known_variables) const = 0;
  // Puts a text of the gateway's own into the system prompt, where there are roles.
  virtual void put_mark(EngineQuestion&, std::string_view) const {}
};

const Surface& chat_surface();
const Surface& completions_surface();
const Surface& embeddings_surface();
// Null when no endpoint has this path.
const Surface* surface_at(std::string_view path);

}  // namespace llmops::gateway

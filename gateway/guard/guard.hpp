// Guardrails at work: what may go into a model and what may come out. Knows nothing of HTTP.
//
// A Guard holds the guardrails of one revision, compiled once and shared by requests. A GuardSession belongs
// to one request (its pseudonyms, its canary, its system prompt). A GuardStream is one channel of text on its
// way to a client, piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/api/shared.hpp"
#include "crds/base/result.hpp"
#include "crds/wire/revision_body.hpp"

namespace llmops::guard {

using Stage = api::GuardrailStage;
using Action = api::GuardrailAction;

// In order of strictness.
enum class Decision { Allow, Flag, Mask, Fallback, Block };
std::string_view to_string(Decision decision);  // "allow", "flag", …

struct Finding {
  std::string guardrail, rule;
  std::string type;  // the entity where the rule knows entities, "secret", else the rule's type
  // Bytes of the text as it was given; a rule about the whole text finds all of it.
  std::size_t begin = 0;
  std::size_t end = 0;
  double confidence = 1;
  Action action{};
  bool enforced = true;  // false in Monitor mode
};

// What was really scanned, for the audit record.
struct ScanRecord {
  std::string guardrail, rule;
  Stage stage{};
  std::uint64_t bytes = 0;
  std::int64_t findings = 0;
  bool failed = false;  // the rule could not look (FailMode said what then)
};

struct Outcome {
  Decision decision = Decision::Allow;
  std::string
      text;  // masked where a rule says so; the given text when nothing was changed; empty when blocked
  std::vector<Finding> findings;
  std::string fallback_message;  // with Decision::Fallback
  std::string guardrail, rule;   // that decided, with Block and Fallback
};

// A rule that an outside service must answer (type detector). The caller asks it, with the deadline, and
// tells GuardStream::detected or passes the answers to GuardSession::check.
struct ExternalCheck {
  std::string guardrail, rule;
  const api::DetectorSettings* settings = nullptr;
};

struct ExternalAnswer {
  std::string guardrail, rule;
  std::optional<bool> found;  // empty: no answer (FailMode says what then)
};

enum class TextForm {
  Plain,
  Json  // the text of a JSON document (arguments of tool calls): rules see through its escapes, what is put
        // in is escaped, and a finding outside of a string becomes one
};

struct CheckOptions {
  TextForm form = TextForm::Plain;
  // Detector rules of the stage without an answer here count as not answered, so that a forgotten one is not
  // an open door; with `detectors_later` they are left out (the masked text is what a detector should see:
  // check, ask about Outcome::text, check again with the answers).
  std::vector<ExternalAnswer> answers;
  bool detectors_later = false;
};

class Guard;

struct SessionOptions {
  std::string system_prompt;  // as rendered, for systemPromptLeak
  std::uint64_t random = 0;   // for canary and pseudonyms
};

class GuardStream;

class GuardSession {
 public:
  GuardSession(std::shared_ptr<const Guard> guard, SessionOptions options);
  GuardSession(GuardSession&&) noexcept;
  ~GuardSession();

  // A whole text. Pseudonyms that it makes are remembered for streams of this session; at the stages output
  // and tool those that stand in it become what they stand for.
  Outcome check(Stage stage, std::string_view text, const CheckOptions& options = {});
  // One channel of an answer. Must not outlive the session. Pseudonyms that checks have made before become
  // what they stand for, at the stages output and tool.
  std::unique_ptr<GuardStream> stream(Stage stage, TextForm form = TextForm::Plain);
  // The mark that has to stand in the system prompt, empty when no rule asks for one.
  std::string_view canary() const;
  const std::vector<ScanRecord>& scanned() const;

 private:
  friend class GuardStream;
  struct State;
  std::unique_ptr<State> state_;
};

// The streaming invariant: no byte leaves until no rule can still start a match at or before it; for every
// split into pieces, what leaves is the redaction of the whole text.
class GuardStream {
 public:
  ~GuardStream();
  // Appends to `out` what may leave now. After Block or Fallback nothing leaves any more. An empty piece only
  // fetches what detectors have let go.
  void feed(std::string_view piece, std::string& out);
  // Nothing follows. As long as there is a window for detectors after it: ask, tell, and call it again.
  void finish(std::string& out);
  std::size_t held_bytes() const;
  Decision decision() const;  // so far
  // So far; bytes count from the stream's begin. By begin once the stream has finished.
  const std::vector<Finding>& findings() const;
  const std::string& fallback_message() const;
  const std::string& guardrail() const;  // that decided, with Block and Fallback
  const std::string& rule() const;

  // Outside checks: the next window of whole sentences (of the text as it would leave) that no detector has
  // seen, empty when none is ready. Valid until the next call of another function. It and the bytes behind it
  // are held until detected() has been told about every external check of the stage, unless those only flag.
  std::string_view window_for_detectors();
  void detected(const std::string& guardrail, const std::string& rule, std::optional<bool> found);

 private:
  friend class GuardSession;
  struct State;
  explicit GuardStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Guard {
 public:
  // Errors: InvalidArgument "guardrail pii-ko: rules[2].regex.patterns[0]: …".
  static Result<std::shared_ptr<const Guard>> compile(const std::vector<wire::ResolvedGuardrail>& guardrails);
  ~Guard();
  bool has(Stage stage) const;  // some rule looks there
  std::vector<ExternalCheck> external_checks(Stage stage) const;

 private:
  friend class GuardSession;
  friend class GuardStream;
  Guard();
  struct Program;
  std::unique_ptr<Program> program_;
};

}  // namespace llmops::guard

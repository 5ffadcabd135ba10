// llmops guard: texts through a Guardrail, by the same code as in the gateway.
#include "gateway/guard/guard.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "cli/files.hpp"
#include "cli/guard_file.hpp"
#include "cli/output_format.hpp"
#include "cli/value_names.hpp"
#include "cli/verbs.hpp"
#include "cli/verdict_line.hpp"
#include "crds/base/json.hpp"

namespace llmops::cli {
namespace {

// What came of one text.
struct Judged {
  guard::Decision decision = guard::Decision::Allow;
  std::string text;  // what leaves; empty when blocked
  std::string sent;  // of a stream that was ended: what had left before
  std::vector<guard::Finding> findings;
};

Json finding_json(const guard::Finding& finding) {
  Json json{{"rule", finding.rule}, {"type", finding.type}, {"start", finding.begin}, {"end", finding.end}};
  if (!finding.enforced) json["enforced"] = false;
  return json;
}

Json judged_json(const Judged& judged) {
  Json json{{"decision", std::string(guard::to_string(judged.decision))},
            {"text", judged.text},
            {"findings", Json::array()}};
  if (!judged.sent.empty()) json["sent"] = judged.sent;
  for (const guard::Finding& finding : judged.findings) json["findings"].push_back(finding_json(finding));
  return json;
}

class GuardVerb final : public Verb {
 public:
  std::string name() const override { return "guard"; }
  std::string description() const override { return "Send a text, or lines {id, text}, through a Guardrail"; }
  void add_options(CLI::App& app) override {
    app.add_option("-f,--file", file_, "file or folder with the Guardrail, - for standard input")
        ->type_name(kFileValue)
        ->required();
    app.add_option("--name", name_, "which Guardrail, when there are several");
    app.add_option("--stage", stage_, "where the text is")
        ->required()
        ->check(CLI::IsMember({"input", "output", "context", "tool", "log"}));
    app.add_flag("--jsonl", lines_, "the input is JSON Lines {id?, text}; the result is a line for each");
    app.add_option("--chunk", chunk_, "feed the text as a stream, in pieces of so many bytes")
        ->check(CLI::Range(1, 1 << 20));
    app.add_option("--system-prompt", system_prompt_,
                   "the system prompt, for systemPromptLeak; @FILE for a file");
    app.add_option("input", input_, "file with the text, - for standard input")
        ->type_name(kFileValue)
        ->capture_default_str();
    add_output_option(app, format_);
  }

  int run(Context& context) override {
    auto guardrail = read_guardrail(file_, name_, context.in);
    if (!guardrail) return end_with_usage(guardrail.error(), context);
    auto compiled = guard::Guard::compile({*guardrail});
    if (!compiled) return end_with_usage(compiled.error(), context);
    guard_ = *compiled;
    if (const auto known = from_string(stage_, stage_value_); !known)
      return end_with_usage(known.error(), context);
    if (system_prompt_.starts_with('@')) {
      auto prompt = read_input(system_prompt_.substr(1), context.in);
      if (!prompt) return end_with_usage(prompt.error(), context);
      system_prompt_ = *prompt;
    }
    if (file_ == "-" && input_ == "-")
      return end_with_usage(
          {ErrorCode::InvalidArgument, "--file: found - for both, allowed a file for one of them"}, context);
    auto text = read_input(input_, context.in);
    if (!text) return end_with_usage(text.error(), context);
    for (const guard::ExternalCheck& check : guard_->external_checks(stage_value_))
      context.err << "rule " << check.rule << ": not asked, it needs an outside service\n";
    if (lines_) return run_lines(*text, context);
    const Judged judged = judge(*text);
    if (format_ == OutputFormat::Json)
      context.out << dump_json(judged_json(judged)) << "\n";
    else
      write_text(judged, context);
    return end(judged.decision, context);
  }

 private:
  int run_lines(const std::string& text, Context& context) {
    guard::Decision strictest = guard::Decision::Allow;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end_of_line = std::min(text.find('\n', at), text.size());
      const std::string_view line = std::string_view(text).substr(at, end_of_line - at);
      at = end_of_line + 1;
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const std::string place = input_ + ": line " + std::to_string(number);
      auto item = parse_json(line);
      if (!item) return end_with_usage(with_context(item.error(), place), context);
      const Json* its_text = find_path(*item, "text");
      if (its_text == nullptr || !its_text->is_string())
        return end_with_usage(
            {ErrorCode::InvalidArgument, place + ": text: found " +
                                             (its_text == nullptr ? "nothing" : describe(*its_text)) +
                                             ", allowed a string"},
            context);
      const Judged judged = judge(its_text->get<std::string>());
      Json result = judged_json(judged);
      if (const Json* id = find_path(*item, "id")) result["id"] = *id;
      context.out << dump_json(result) << "\n";
      strictest = std::max(strictest, judged.decision);
    }
    return end(strictest, context);
  }

  Judged judge(const std::string& text) const {
    guard::GuardSession session(guard_, {system_prompt_, 0});
    Judged judged;
    if (chunk_ == 0) {
      guard::CheckOptions options;
      options.detectors_later = true;
      guard::Outcome outcome = session.check(stage_value_, text, options);
      judged.decision = outcome.decision;
      judged.text = outcome.decision == guard::Decision::Fallback ? outcome.fallback_message : outcome.text;
      judged.findings = std::move(outcome.findings);
      return judged;
    }
    const auto stream = session.stream(stage_value_);
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += chunk_) {
      stream->feed(std::string_view(text).substr(at, chunk_), out);
      pass_detectors(*stream);
    }
    stream->finish(out);
    while (!stream->window_for_detectors().empty()) {
      pass_detectors(*stream);
      stream->finish(out);
    }
    judged.decision = stream->decision();
    judged.findings = stream->findings();
    const bool ended = judged.decision >= guard::Decision::Fallback;
    if (ended)
      judged.sent = std::move(out);
    else
      judged.text = std::move(out);
    if (judged.decision == guard::Decision::Fallback) judged.text = stream->fallback_message();
    return judged;
  }

  // Outside services are not asked here: as if they had found nothing.
  void pass_detectors(guard::GuardStream& stream) const {
    while (!stream.window_for_detectors().empty())
      for (const guard::ExternalCheck& check : guard_->external_checks(stage_value_))
        stream.detected(check.guardrail, check.rule, false);
  }

  static void write_text(const Judged& judged, Context& context) {
    context.out << judged.text;
    for (const guard::Finding& finding : judged.findings)
      context.err << finding.rule << ": " << finding.type << " at bytes " << finding.begin << " to "
                  << finding.end << (finding.enforced ? "" : " (only counted)") << "\n";
  }

  static int end(guard::Decision decision, Context& context) {
    context.err << guard::to_string(decision) << "\n";
    return decision >= guard::Decision::Fallback ? kBad : kGood;
  }

  std::string file_, name_, stage_, system_prompt_;
  std::string input_ = "-";
  std::size_t chunk_ = 0;
  bool lines_ = false;
  OutputFormat format_ = OutputFormat::Text;
  guard::Stage stage_value_{};
  std::shared_ptr<const guard::Guard> guard_;
};

}  // namespace

std::unique_ptr<Verb> make_guard() {
  return std::make_unique<GuardVerb>();
}

}  // namespace llmops::cli

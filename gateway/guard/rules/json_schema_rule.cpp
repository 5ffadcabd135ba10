#include <optional>

#include "crds/base/json.hpp"
#include "gateway/guard/rules/makers.hpp"
#include "gateway/schema/json_schema.hpp"

namespace llmops::guard {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::string_view kFence = "```";
constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Without the fence around it; nothing when the fence is of another language or is not closed.
std::optional<std::string_view> unfenced(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with(kFence)) return text;
  text.remove_prefix(kFence.size());
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos || !text.ends_with(kFence)) return std::nullopt;
  const std::string_view language = trimmed(text.substr(0, line));
  if (!language.empty() && language != "json" && language != "JSON") return std::nullopt;
  text.remove_prefix(line + 1);
  if (text.size() < kFence.size()) return std::nullopt;
  text.remove_suffix(kFence.size());
  return trimmed(text);
}

class JsonSchemaSession final : public TextRule::Session {
 public:
  explicit JsonSchemaSession(const schema::JsonSchema& schema) : schema_(schema) {}

  TextRule::Verdict feed(std::string_view piece, bool complete) override {
    if (text_.size() + piece.size() > kMaxBytes) {
      too_long_ = true;
      text_.clear();
      text_.shrink_to_fit();
    }
    if (too_long_) return TextRule::Verdict::Violated;
    text_.append(piece);
    if (!complete) return TextRule::Verdict::Undecided;
    const auto document = unfenced(text_);
    if (!document) return TextRule::Verdict::Violated;
    const Result<Json> value = parse_json(*document, {.max_bytes = kMaxBytes});
    return value && schema_.validate(*value, 1).empty() ? TextRule::Verdict::Fine
                                                        : TextRule::Verdict::Violated;
  }

 private:
  const schema::JsonSchema& schema_;
  std::string text_;
  bool too_long_ = false;
};

class JsonSchemaRule final : public TextRule {
 public:
  explicit JsonSchemaRule(schema::JsonSchema schema) : schema_(std::move(schema)) {}
  std::unique_ptr<Session> begin() const override { return std::make_unique<JsonSchemaSession>(schema_); }
  bool reads_given() const override { return true; }

 private:
  schema::JsonSchema schema_;
};

}  // namespace

Result<std::unique_ptr<TextRule>> make_json_schema_rule(const api::JsonSchemaSettings& settings,
                                                        const RuleContext&) {
  auto compiled = schema::JsonSchema::compile(settings.schema);
  if (!compiled) return with_context(compiled.error(), "schema");
  return std::unique_ptr<TextRule>(std::make_unique<JsonSchemaRule>(std::move(*compiled)));
}

}  // namespace llmops::guard

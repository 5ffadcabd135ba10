#include "gateway/server/answer_guard.hpp"

#include <algorithm>
#include <utility>

#include "crds/base/json.hpp"
#include "crds/base/json_writer.hpp"

namespace llmops::gateway {
namespace {

using Side = GuardRecord::Side;

struct Edit {
  std::string_view what;  // inside the edited text
  std::string by;
};

std::string edited(std::string_view text, std::vector<Edit> edits) {
  std::sort(edits.begin(), edits.end(),
            [](const Edit& a, const Edit& b) { return a.what.data() < b.what.data(); });
  std::string out;
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    const auto begin = static_cast<std::size_t>(edit.what.data() - text.data());
    out.append(text.substr(at, begin - at)).append(edit.by);
    at = begin + edit.what.size();
  }
  return out.append(text.substr(at));
}

std::string as_json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

int data_lines(std::string_view event) {
  int lines = 0;
  while (!event.empty()) {
    if (event.starts_with("data")) ++lines;
    const auto newline = event.find('\n');
    event = newline == std::string_view::npos ? std::string_view{} : event.substr(newline + 1);
  }
  return lines;
}

}  // namespace

struct AnswerGuard::Rewritten {
  std::string before;               // events of our own
  std::vector<std::string> pieces;  // the choices that stay
  std::string after;
  bool changed = false;
  bool ends = false;  // a choice of the engine's ends with this chunk
};

struct AnswerGuard::Ending {
  guard::Stage stage{};
  guard::Decision decision{};
  std::string guardrail, rule, fallback;
};

AnswerGuard::AnswerGuard(Setup setup)
    : setup_(setup),
      output_checks_(setup.guard->external_checks(guard::Stage::Output)),
      tool_checks_(setup.guard->external_checks(guard::Stage::Tool)),
      restores_(setup.request->has_pseudonyms()) {
  if (setup_.guard->has(guard::Stage::Output) || setup_.guard->has(guard::Stage::Tool))
    record_.looked_at(Side::Answer);
}

Task<Result<void>> AnswerGuard::feed(std::string_view bytes, std::string& out) {
  splitter_.feed(bytes);
  for (std::string_view event = splitter_.next(); !event.empty(); event = splitter_.next()) {
    if (stopped_ || done_) continue;
    auto taken = co_await take(event, out);
    if (!taken.ok()) co_return taken;
    if (ended_by_rule_ && !done_ && all_ended()) {
      out += "data: [DONE]\n\n";
      stopped_ = true;
    }
  }
  if (splitter_.pending() > kMaxEventBytes)
    co_return Error{ErrorCode::TooLarge,
                    "the engine sent an event longer than " + std::to_string(kMaxEventBytes) + " bytes"};
  co_return Result<void>();
}

Task<Result<void>> AnswerGuard::take(std::string_view event, std::string& out) {
  const std::string_view data = event_data(event);
  const int lines = data_lines(event);
  if (lines > 1)
    co_return Error{ErrorCode::Unavailable, "an event of the engine: data in more than one line"};
  if (lines == 0 || data.empty()) {
    out.append(event);
    co_return Result<void>();
  }
  if (data == "[DONE]") {
    auto ended = co_await end_stream(out);
    if (!ended.ok()) co_return ended;
    out.append(event);
    done_ = true;
    co_return Result<void>();
  }
  const auto fields = find_chunk_fields(data);
  if (!fields.ok()) co_return fields.error();
  if (head_.empty()) head_ = chunk_head(data);
  Rewritten chunk;
  for (const ChoicePiece& piece : fields->pieces) {
    auto taken = co_await take_piece(piece, chunk);
    if (!taken.ok()) co_return taken;
  }
  out += chunk.before;
  std::vector<Edit> edits;
  for (const std::string_view repetition : fields->repetitions) edits.push_back({repetition, "null"});
  if (chunk.changed) {
    std::string list;
    for (const std::string& piece : chunk.pieces) list.append(list.empty() ? "" : ",").append(piece);
    edits.push_back({fields->choices, "[" + list + "]"});
  }
  const bool empty = chunk.changed && chunk.pieces.empty() && scan_chunk(data).usage.empty();
  if (!empty) {
    if (std::string moderation = chunk.ends ? moderation_member() : std::string(); !moderation.empty())
      edits.push_back({data.substr(data.rfind('}'), 0), std::move(moderation)});
    if (edits.empty()) {
      out.append(event);
    } else {
      out += edited(event, std::move(edits));
    }
  }
  out += chunk.after;
  co_return Result<void>();
}

Task<Result<void>> AnswerGuard::take_piece(const ChoicePiece& piece, Rewritten& chunk) {
  Choice& choice = choices_[piece.index];
  if (choice.ended) {
    chunk.changed = true;
    co_return Result<void>();
  }
  std::vector<std::string> given(piece.fields.size()), released(piece.fields.size());
  std::vector<Channel*> channels(piece.fields.size(), nullptr);
  std::optional<Ending> ending;
  bool held = false;
  const auto judge = [&](const Channel& channel) {
    if (channel.stream->held_bytes() > 0) held = true;
    const guard::Decision decision = channel.stream->decision();
    if (decision >= guard::Decision::Fallback && (!ending || decision > ending->decision))
      ending = Ending{channel.stage, decision, channel.stream->guardrail(), channel.stream->rule(),
                      channel.stream->fallback_message()};
  };
  for (std::size_t i = 0; i < piece.fields.size(); ++i) {
    const TextField& field = piece.fields[i];
    auto text = decode_json_string(field.value);
    if (!text.ok()) co_return text.error();
    given[i] = std::move(*text);
    if (field.whole && setup_.guard->has(guard::Stage::Tool)) {
      if (auto outcome = take_name(given[i], released[i]))
        ending = Ending{guard::Stage::Tool, outcome->decision, outcome->guardrail, outcome->rule,
                        outcome->fallback_message};
      continue;
    }
    channels[i] = field.whole ? nullptr : channel_of(choice, field);
    if (!channels[i]) {
      released[i] = given[i];
      continue;
    }
    channels[i]->stream->feed(given[i], released[i]);
    auto settled = co_await settle(*channels[i], false, released[i]);
    if (!settled.ok()) co_return settled;
    judge(*channels[i]);
  }
  const bool finishes = !piece.finish_reason.empty();
  if (finishes && !ending)
    for (const auto& channel : choice.channels) {
      std::string rest;
      auto settled = co_await settle(*channel, true, rest);
      if (!settled.ok()) co_return settled;
      judge(*channel);
      if (rest.empty()) continue;
      const auto last = std::find(channels.rbegin(), channels.rend(), channel.get());
      if (last != channels.rend()) {
        released[static_cast<std::size_t>(channels.rend() - last) - 1] += rest;
      } else {
        chunk.before += event_of(member_at_channel(channel->name, rest), nullptr, piece.index);
        if (setup_.keep_texts) channel->sent += rest;
        held = true;
      }
    }
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < piece.fields.size(); ++i) {
    if (released[i] != given[i]) edits.push_back({piece.fields[i].value, as_json_string(released[i])});
    if (!released[i].empty()) choice.spoke = true;
    if (channels[i] && setup_.keep_texts) channels[i]->sent += released[i];
  }
  for (const auto& channel : choice.channels) note(*channel);
  if (!edits.empty() || held || ending)
    for (const std::string_view details : piece.token_details) edits.push_back({details, "null"});
  if (ending && finishes) edits.push_back({piece.finish_reason, "null"});
  if (!edits.empty()) chunk.changed = true;
  chunk.pieces.push_back(edits.empty() ? std::string(piece.text) : edited(piece.text, std::move(edits)));
  if (ending) {
    end_by_rule(choice, piece.index, *ending, chunk);
  } else if (finishes) {
    choice.ended = true;
    chunk.ends = true;
  }
  co_return Result<void>();
}

// A stream may end without having ended its choices.
Task<Result<void>> AnswerGuard::end_stream(std::string& out) {
  for (auto& [index, choice] : choices_) {
    if (choice.ended) continue;
    choice.ended = true;
    Rewritten chunk;
    std::optional<Ending> ending;
    for (const auto& channel : choice.channels) {
      std::string rest;
      auto settled = co_await settle(*channel, true, rest);
      if (!settled.ok()) co_return settled;
      note(*channel);
      if (!rest.empty()) out += event_of(member_at_channel(channel->name, rest), nullptr, index);
      if (setup_.keep_texts) channel->sent += rest;
      if (const auto decision = channel->stream->decision(); decision >= guard::Decision::Fallback && !ending)
        ending = Ending{channel->stage, decision, channel->stream->guardrail(), channel->stream->rule(),
                        channel->stream->fallback_message()};
    }
    if (ending) end_by_rule(choice, index, *ending, chunk);
    out += chunk.after;
  }
  co_return Result<void>();
}

Task<Result<void>> AnswerGuard::settle(Channel& channel, bool finish, std::string& released) {
  if (finish) channel.stream->finish(released);
  const auto& checks = channel.stage == guard::Stage::Tool ? tool_checks_ : output_checks_;
  while (!checks.empty() && channel.stream->decision() < guard::Decision::Fallback) {
    const std::string window(channel.stream->window_for_detectors());
    if (window.empty()) break;
    std::vector<DetectorQuestion> questions;
    for (const guard::ExternalCheck& check : checks) questions.push_back({check, window});
    const auto answers = co_await setup_.detectors->ask(std::move(questions), setup_.detector_limit);
    if (!answers.ok()) co_return answers.error();
    for (std::size_t i = 0; i < checks.size(); ++i)
      channel.stream->detected(checks[i].guardrail, checks[i].rule, (*answers)[i]);
    if (finish) {
      channel.stream->finish(released);
    } else {
      channel.stream->feed({}, released);
    }
  }
  co_return Result<void>();
}

AnswerGuard::Channel* AnswerGuard::channel_of(Choice& choice, const TextField& field) {
  for (const auto& channel : choice.channels)
    if (channel->name == field.channel) return channel.get();
  const guard::Stage stage = field.tool ? guard::Stage::Tool : guard::Stage::Output;
  if (!setup_.guard->has(stage) && !restores_ && !setup_.keep_texts) return nullptr;
  auto channel = std::make_unique<Channel>();
  channel->name = field.channel;
  channel->stage = stage;
  const bool arguments = field.tool && field.channel.ends_with("/arguments");
  channel->stream = setup_.session->stream(stage, arguments ? guard::TextForm::Json : guard::TextForm::Plain);
  return choice.channels.emplace_back(std::move(channel)).get();
}

std::optional<guard::Outcome> AnswerGuard::take_name(const std::string& name, std::string& released) {
  guard::CheckOptions options;
  options.detectors_later = true;  // a name is no text to judge
  guard::Outcome outcome = setup_.session->check(guard::Stage::Tool, name, options);
  for (const guard::Finding& finding : outcome.findings)
    record_.found(Side::Answer, guard::Stage::Tool, finding);
  if (outcome.decision >= guard::Decision::Fallback) return outcome;
  released = std::move(outcome.text);
  return std::nullopt;
}

void AnswerGuard::note(Channel& channel) {
  const auto& findings = channel.stream->findings();
  for (; channel.recorded < findings.size(); ++channel.recorded)
    record_.found(Side::Answer, channel.stage, findings[channel.recorded]);
  if (!channel.changed && channel.stream->decision() >= guard::Decision::Mask) {
    channel.changed = true;
    record_.changed(channel.stage);
  }
}

void AnswerGuard::end_by_rule(Choice& choice, long long index, const Ending& ending, Rewritten& chunk) {
  choice.ended = true;
  ended_by_rule_ = true;
  record_.decided(Side::Answer, ending.stage, ending.decision, ending.guardrail, ending.rule);
  const bool chat = setup_.shape == AnswerShape::Chat;
  const bool fallback = ending.decision == guard::Decision::Fallback;
  if (fallback) {
    const std::string text = (choice.spoke ? "\n\n" : "") + ending.fallback;
    chunk.after += event_of(member_at_channel(chat ? "delta/content" : "text", text), nullptr, index);
    fallbacks_[index] = ending.fallback;
  }
  chunk.after +=
      event_of(chat ? R"("delta":{})" : R"("text":"")", fallback ? "stop" : "content_filter", index);
}

std::string AnswerGuard::event_of(std::string_view members, const char* finish_reason,
                                  long long index) const {
  std::string event = "data: {" + head_ + "\"choices\":[{\"index\":" + std::to_string(index) + ",";
  if (setup_.shape == AnswerShape::Chat && !members.starts_with("\"delta\"")) event += R"("delta":{},)";
  event.append(members).append(",\"logprobs\":null,\"finish_reason\":");
  event += finish_reason ? "\"" + std::string(finish_reason) + "\"}]" + moderation_member() : "null}]";
  return event + "}\n\n";
}

std::string AnswerGuard::moderation_member() const {
  if (!setup_.tell && !setup_.request->flagged() && !record_.flagged()) return {};
  GuardRecord all = *setup_.request;
  all.merge(record_);
  return ",\"moderation\":" + dump_json(all.moderation());
}

bool AnswerGuard::all_ended() const {
  return static_cast<std::size_t>(std::count_if(choices_.begin(), choices_.end(), [](const auto& entry) {
           return entry.second.ended;
         })) >= setup_.choices;
}

std::map<std::string, std::string> AnswerGuard::texts() const {
  std::map<std::string, std::string> texts;
  for (const auto& [index, choice] : choices_)
    for (const auto& channel : choice.channels)
      if (!channel->sent.empty()) texts[std::to_string(index) + "/" + channel->name] = channel->sent;
  return texts;
}

}  // namespace llmops::gateway

#include "gateway/server/chunk_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "crds/base/json.hpp"
#include "crds/base/json_writer.hpp"
#include "gateway/server/json_walker.hpp"

namespace llmops::gateway {
namespace {

constexpr int kMaxDepth = 16;
constexpr long long kMaxChoices = 128;

// Filled by engines, from short fixed sets or by chance.
constexpr std::array<std::string_view, 5> kNoText = {"role", "type", "id", "object", "index"};
constexpr std::array<std::string_view, 3> kTokenDetails = {"logprobs", "token_ids", "tokens"};
// The rendered prompt, or the whole answer, once more: vLLM's and llama.cpp's debugging aids.
constexpr std::array<std::string_view, 4> kRepetitions = {"__verbose", "prompt_logprobs", "prompt_token_ids",
                                                          "prompt_text"};
constexpr std::array<std::string_view, 6> kHead = {"id",    "object",       "created",
                                                   "model", "service_tier", "system_fingerprint"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Error not_understood(std::string_view what) {
  return Error{ErrorCode::Unavailable, "an event of the engine: " + std::string(what)};
}

long long integer_of(std::string_view literal, long long fallback) {
  long long value = 0;
  const auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), value);
  return error == std::errc() && end == literal.data() + literal.size() ? value : fallback;
}

// Calls visit(name, value) for each member; an error ends it.
template <class Visit>
Result<void> each_member(std::string_view object, Visit visit) {
  JsonWalker walker(object);
  if (!walker.accept('{')) return not_understood("no object");
  walker.skip_space();
  if (walker.peek() == '}') return {};
  do {
    const std::string_view key = walker.string();
    if (key.size() < 2 || !walker.accept(':')) return not_understood("not JSON");
    if (key.find('\\') != std::string_view::npos) return not_understood("an escaped member name");
    const std::string_view value = walker.value();
    if (value.empty()) return not_understood("not JSON");
    if (auto visited = visit(key.substr(1, key.size() - 2), value); !visited.ok()) return visited;
  } while (walker.accept(','));
  if (!walker.accept('}')) return not_understood("not JSON");
  return {};
}

template <class Visit>
Result<void> each_item(std::string_view list, Visit visit) {
  JsonWalker walker(list);
  if (!walker.accept('[')) return not_understood("no list");
  walker.skip_space();
  if (walker.peek() == ']') return {};
  std::size_t position = 0;
  do {
    const std::string_view value = walker.value();
    if (value.empty()) return not_understood("not JSON");
    if (auto visited = visit(position++, value); !visited.ok()) return visited;
  } while (walker.accept(','));
  if (!walker.accept(']')) return not_understood("not JSON");
  return {};
}

class PieceReader {
 public:
  explicit PieceReader(ChoicePiece& piece) : piece_(piece) {}

  Result<void> read() {
    return each_member(piece_.text, [&](std::string_view name, std::string_view value) -> Result<void> {
      if (name == "index") {
        piece_.index = integer_of(value, -1);
      } else if (name == "finish_reason") {
        if (value != "null") piece_.finish_reason = value;
      } else {
        return member(std::string(name), name, value, 1);
      }
      return {};
    });
  }

 private:
  Result<void> member(std::string channel, std::string_view name, std::string_view value, int depth) {
    if (is_one_of(name, kTokenDetails)) {
      if (value != "null") piece_.token_details.push_back(value);
      return {};
    }
    if (is_one_of(name, kNoText)) return {};
    return any(std::move(channel), name, value, depth);
  }

  Result<void> any(std::string channel, std::string_view name, std::string_view value, int depth) {
    if (depth > kMaxDepth) return not_understood("too deep");
    if (value.front() == '"') {
      TextField field;
      field.tool = channel.find("tool_calls") != std::string::npos ||
                   channel.find("function_call") != std::string::npos;
      field.whole = field.tool && name == "name";
      field.channel = std::move(channel);
      field.value = value;
      piece_.fields.push_back(std::move(field));
      return {};
    }
    if (value.front() == '{')
      return each_member(value, [&](std::string_view child, std::string_view child_value) {
        return member(channel + "/" + std::string(child), child, child_value, depth + 1);
      });
    if (value.front() == '[')
      return each_item(value, [&](std::size_t position, std::string_view item) {
        return any(channel + "/" + std::to_string(index_of(item, position)), name, item, depth + 1);
      });
    return {};
  }

  static long long index_of(std::string_view item, std::size_t position) {
    long long index = static_cast<long long>(position);
    if (item.front() == '{')
      (void)each_member(item, [&](std::string_view name, std::string_view value) -> Result<void> {
        if (name == "index") index = integer_of(value, index);
        return {};
      });
    return index;
  }

  ChoicePiece& piece_;
};

}  // namespace

Result<ChunkFields> find_chunk_fields(std::string_view json) {
  ChunkFields fields;
  auto read = each_member(json, [&](std::string_view name, std::string_view value) -> Result<void> {
    if (name == "choices" && value != "null") {
      fields.choices = value;
      return each_item(value, [&](std::size_t, std::string_view item) -> Result<void> {
        ChoicePiece piece;
        piece.text = item;
        if (auto done = PieceReader(piece).read(); !done.ok()) return done;
        if (piece.index < 0 || piece.index >= kMaxChoices)
          return not_understood("a choice without its index");
        fields.pieces.push_back(std::move(piece));
        return {};
      });
    }
    if (name == "error" && value != "null") fields.error = true;
    if (is_one_of(name, kRepetitions) && value != "null") fields.repetitions.push_back(value);
    return {};
  });
  if (!read.ok()) return read.error();
  return fields;
}

std::string chunk_head(std::string_view json) {
  std::string head;
  (void)each_member(json, [&](std::string_view name, std::string_view value) -> Result<void> {
    if (is_one_of(name, kHead)) head.append("\"").append(name).append("\":").append(value).append(",");
    return {};
  });
  return head;
}

Result<std::string> decode_json_string(std::string_view literal) {
  if (literal.size() < 2) return not_understood("not JSON");
  const std::string_view inside = literal.substr(1, literal.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return std::string(inside);
  const auto parsed = parse_json(literal);
  if (!parsed.ok() || !parsed->is_string()) return not_understood("a text that is no JSON string");
  return parsed->get<std::string>();
}

std::string member_at_channel(std::string_view channel, std::string_view text) {
  const auto slash = channel.find('/');
  const std::string_view name = channel.substr(0, slash);
  std::string value;
  append_json_string(text, value);
  if (slash != std::string_view::npos) {
    const std::string_view rest = channel.substr(slash + 1);
    const auto next = rest.find('/');
    const long long index = integer_of(rest.substr(0, next), -1);
    if (index < 0) {
      value = "{" + member_at_channel(rest, text) + "}";
    } else if (next == std::string_view::npos) {
      value = "[" + value + "]";
    } else {
      value = "[{\"index\":" + std::to_string(index) + "," + member_at_channel(rest.substr(next + 1), text) +
              "}]";
    }
  }
  return "\"" + std::string(name) + "\":" + value;
}

}  // namespace llmops::gateway

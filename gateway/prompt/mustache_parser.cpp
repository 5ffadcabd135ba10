#include <utility>

#include "gateway/prompt/mustache.hpp"

namespace llmops::gateway::mustache {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

struct Tag {
  char sign = 0;  // # ^ / ! > = & {, 0 for a plain name
  std::string_view content;
  std::size_t begin = 0, end = 0;
};

class Parser {
 public:
  Parser(std::string_view source, const Partial& partial) : source_(source), partial_(partial) {}

  Result<Document> run() {
    open_.push_back({});
    while (true) {
      const std::size_t begin = source_.find(opening_, position_);
      add_text(source_.substr(position_, begin - position_));
      if (begin == std::string_view::npos) break;
      auto tag = read_tag(begin);
      if (!tag.ok()) return tag.error();
      if (auto done = take(*tag); !done.ok()) return done.error();
    }
    if (open_.size() > 1)
      return at_byte(open_.back().byte, "section " + open_.back().name.substr(0, 80) +
                                            " is never closed, allowed {{/" +
                                            open_.back().name.substr(0, 80) + "}}");
    document_.nodes = std::move(open_.front().nodes);
    return std::move(document_);
  }

 private:
  struct Open {
    Node::Kind kind = Node::Kind::Section;
    std::string name;
    std::vector<std::string> path;
    std::vector<Node> nodes;
    std::size_t byte = 0;
  };

  std::vector<Node>& nodes() { return open_.back().nodes; }

  void add_text(std::string_view text) {
    if (!text.empty()) nodes().push_back({Node::Kind::Text, std::string(text), {}, {}, position_});
  }

  Result<Tag> read_tag(std::size_t begin) const {
    Tag tag;
    tag.begin = begin;
    std::size_t inner = begin + opening_.size();
    if (inner < source_.size() &&
        std::string_view("#^/!>=&{<$").find(source_[inner]) != std::string_view::npos)
      tag.sign = source_[inner++];
    const std::string close = tag.sign == '=' ? "=" + closing_ : tag.sign == '{' ? "}" + closing_ : closing_;
    const std::size_t end = source_.find(close, inner);
    if (end == std::string_view::npos)
      return at_byte(begin, "\"" + opening_ + "\" is never closed, allowed \"" + close +
                                "\" behind it; for a literal \"" + opening_ +
                                "\" change the delimiters: {{=<% %>=}}");
    tag.content = trimmed(source_.substr(inner, end - inner));
    tag.end = end + close.size();
    return tag;
  }

  // A tag with nothing but blanks around it on its lines takes these with it.
  bool is_alone(const Tag& tag, std::size_t& line, std::size_t& next_line) const {
    line = tag.begin;
    while (line > 0 && is_blank(source_[line - 1])) --line;
    if (line > 0 && source_[line - 1] != '\n') return false;
    next_line = tag.end;
    while (next_line < source_.size() && is_blank(source_[next_line])) ++next_line;
    if (source_.substr(next_line).starts_with("\r\n")) {
      next_line += 2;
    } else if (next_line < source_.size() && source_[next_line] == '\n') {
      ++next_line;
    } else if (next_line < source_.size()) {
      return false;
    }
    return true;
  }

  // Returns the blanks in front of a tag that stands alone, and moves behind the tag.
  std::string pass(const Tag& tag) {
    std::size_t line = 0, next_line = 0;
    position_ = tag.end;
    if (!is_alone(tag, line, next_line)) return {};
    position_ = next_line;
    std::string blanks(source_.substr(line, tag.begin - line));
    if (!blanks.empty()) {
      std::string& text = nodes().back().text;
      text.resize(text.size() - blanks.size());
      if (text.empty()) nodes().pop_back();
    }
    return blanks;
  }

  Result<std::vector<std::string>> path_of(const Tag& tag) const {
    std::vector<std::string> path;
    if (tag.content == ".") return path;
    std::string_view rest = tag.content;
    while (true) {
      const std::size_t dot = rest.find('.');
      const std::string_view step = rest.substr(0, dot);
      if (step.empty() || step.size() > 63 || step.find_first_of(" \t\r\n{}<>\"'") != std::string_view::npos)
        return at_byte(tag.begin, "found the name \"" + std::string(tag.content.substr(0, 80)) +
                                      "\", allowed names of at most 63 bytes without spaces, with dots "
                                      "between them, or \".\"");
      path.emplace_back(step);
      if (dot == std::string_view::npos) return path;
      rest.remove_prefix(dot + 1);
    }
  }

  void note_name(const std::vector<std::string>& path, std::size_t byte) {
    if (path.empty()) return;
    document_.mentions.push_back(path.front());
    if (open_.size() == 1) document_.names.push_back({path.front(), byte});
  }

  Result<void> take(const Tag& tag) {
    switch (tag.sign) {
      case '!':
        pass(tag);
        return {};
      case '=':
        return delimiters(tag);
      case '>':
        return include(tag);
      case '#':
      case '^':
        return begin_section(tag);
      case '/':
        return end_section(tag);
      case '<':
      case '$':
        return at_byte(tag.begin,
                       "found inheritance, allowed {{x}}, {{#x}}, {{^x}}, {{/x}}, {{>x}}, {{! }} "
                       "and {{= =}}");
      default:
        break;
    }
    auto path = path_of(tag);
    if (!path.ok()) return path.error();
    note_name(*path, tag.begin);
    nodes().push_back({Node::Kind::Value, {}, std::move(*path), {}, tag.begin});
    position_ = tag.end;
    return {};
  }

  Result<void> delimiters(const Tag& tag) {
    const std::size_t gap = tag.content.find_first_of(" \t\r\n");
    const std::string_view left = tag.content.substr(0, gap);
    const std::string_view right = gap == std::string_view::npos ? "" : trimmed(tag.content.substr(gap));
    if (left.empty() || right.empty() || left.size() > 8 || right.size() > 8 ||
        right.find_first_of(" \t\r\n=") != std::string_view::npos || left.find('=') != std::string_view::npos)
      return at_byte(tag.begin, "found \"" + std::string(tag.content.substr(0, 40)) +
                                    "\", allowed two delimiters of 1 to 8 bytes without = and spaces");
    pass(tag);
    opening_ = left;
    closing_ = right;
    return {};
  }

  Result<void> include(const Tag& tag) {
    if (tag.content.starts_with("*"))
      return at_byte(tag.begin,
                     "found a partial whose name is a variable, allowed a name: what a prompt "
                     "includes is pinned");
    const std::string indent = pass(tag);
    auto included = partial_(std::string(tag.content), indent);
    if (!included.ok()) return with_context(included.error(), "byte " + std::to_string(tag.begin));
    for (NameUse& use : included->names) note_name({use.name}, tag.begin);
    for (std::string& name : included->mentions) document_.mentions.push_back(std::move(name));
    nodes().push_back({Node::Kind::Partial, {}, {}, std::move(included->nodes), tag.begin});
    return {};
  }

  Result<void> begin_section(const Tag& tag) {
    auto path = path_of(tag);
    if (!path.ok()) return path.error();
    note_name(*path, tag.begin);
    if (open_.size() > kMaxTemplateDepth)
      return at_byte(tag.begin, "found more than " + std::to_string(kMaxTemplateDepth) +
                                    " sections inside each other; allowed fewer");
    pass(tag);
    open_.push_back({tag.sign == '#' ? Node::Kind::Section : Node::Kind::Inverted,
                     std::string(tag.content),
                     std::move(*path),
                     {},
                     tag.begin});
    return {};
  }

  Result<void> end_section(const Tag& tag) {
    if (open_.size() == 1 || open_.back().name != tag.content)
      return at_byte(tag.begin, "found {{/" + std::string(tag.content.substr(0, 80)) + "}}, allowed " +
                                    (open_.size() == 1 ? "no end: no section is open"
                                                       : "{{/" + open_.back().name.substr(0, 80) + "}}"));
    pass(tag);
    Open closed = std::move(open_.back());
    open_.pop_back();
    nodes().push_back({closed.kind, {}, std::move(closed.path), std::move(closed.nodes), closed.byte});
    return {};
  }

  std::string_view source_;
  const Partial& partial_;
  std::size_t position_ = 0;
  std::string opening_ = "{{", closing_ = "}}";
  std::vector<Open> open_;
  Document document_;
};

}  // namespace

Result<Document> parse(std::string_view source, const Partial& partial) {
  return Parser(source, partial).run();
}

}  // namespace llmops::gateway::mustache

#include "gateway/prompt/jinja_parser.hpp"

#include <initializer_list>
#include <utility>

#include "gateway/prompt/jinja_expression.hpp"

namespace llmops::gateway::jinja {
namespace {

constexpr std::string_view kTags = "if, elif, else, endif, for, endfor, include, raw, endraw";

class Parser {
 public:
  Parser(std::vector<Piece> pieces, const Include& include) : pieces_(std::move(pieces)), include_(include) {}

  Result<Document> run() {
    auto nodes = block({}, 0);
    if (!nodes.ok()) return nodes.error();
    document_.nodes = std::move(*nodes);
    return std::move(document_);
  }

 private:
  ExpressionParser reader(const Piece& piece) { return {piece.tokens, bound_, document_.names}; }

  // Up to one of the tags in `ends`, which is not consumed; without any up to the end.
  Result<std::vector<Node>> block(std::initializer_list<std::string_view> ends, std::size_t opened) {
    std::vector<Node> nodes;
    while (position_ < pieces_.size()) {
      const Piece& piece = pieces_[position_];
      if (piece.kind == Piece::Kind::Text) {
        Node text{Node::Kind::Text, piece.text, {}, {}, {}, {}, {}, piece.byte};
        nodes.push_back(std::move(text));
        ++position_;
        continue;
      }
      if (piece.kind == Piece::Kind::Tag)
        for (const std::string_view end : ends)
          if (piece.tokens.front().kind == Token::Kind::Name && piece.tokens.front().text == end)
            return nodes;
      auto node = piece.kind == Piece::Kind::Output ? output(piece) : tag(piece);
      if (!node.ok()) return node.error();
      nodes.push_back(std::move(*node));
    }
    if (ends.size() == 0) return nodes;
    return at_byte(opened, "a block is never closed, allowed {% " + std::string(*(ends.end() - 1)) + " %}");
  }

  Result<Node> output(const Piece& piece) {
    ++position_;
    ExpressionParser parser = reader(piece);
    auto expression = parser.expression();
    if (!expression.ok()) return expression.error();
    if (auto end = parser.end(); !end.ok()) return end.error();
    Node node{Node::Kind::Output, {}, std::move(*expression), {}, {}, {}, {}, piece.byte};
    return node;
  }

  Result<Node> tag(const Piece& piece) {
    if (depth_ >= kMaxTemplateDepth)
      return at_byte(piece.byte, "found more than " + std::to_string(kMaxTemplateDepth) +
                                     " blocks inside each other; allowed fewer");
    const Token& word = piece.tokens.front();
    ++depth_;
    Result<Node> node = word.text == "if"    ? condition(piece)
                        : word.text == "for" ? loop(piece)
                        : word.text == "include"
                            ? include(piece)
                            : Result<Node>(at_byte(word.byte, "found the tag \"" + word.text.substr(0, 40) +
                                                                  "\", allowed " + std::string(kTags)));
    --depth_;
    return node;
  }

  // A tag of one word.
  Result<void> bare(const Piece& piece) {
    ExpressionParser parser = reader(piece);
    parser.take();
    if (auto end = parser.end(); !end.ok()) return parser.unexpected("the end of the tag");
    ++position_;
    return {};
  }

  Result<Node> condition(const Piece& piece) {
    Node node{Node::Kind::If, {}, {}, {}, {}, {}, {}, piece.byte};
    do {
      const Piece& opening = pieces_[position_++];
      ExpressionParser parser = reader(opening);
      parser.take();
      auto expression = parser.expression();
      if (!expression.ok()) return expression.error();
      if (auto end = parser.end(); !end.ok()) return end.error();
      auto body = block({"elif", "else", "endif"}, piece.byte);
      if (!body.ok()) return body.error();
      node.branches.push_back({std::move(*expression), std::move(*body)});
    } while (pieces_[position_].tokens.front().text == "elif");
    if (auto done = otherwise(node, "endif"); !done.ok()) return done.error();
    return node;
  }

  // From {% else %} or the end of a block to behind its end.
  Result<void> otherwise(Node& node, std::string_view end) {
    if (pieces_[position_].tokens.front().text == "else") {
      if (auto done = bare(pieces_[position_]); !done.ok()) return done;
      auto body = block({end}, node.byte);
      if (!body.ok()) return body.error();
      node.otherwise = std::move(*body);
    }
    return bare(pieces_[position_]);
  }

  Result<Node> loop(const Piece& piece) {
    ++position_;
    Node node{Node::Kind::For, {}, {}, {}, {}, {}, {}, piece.byte};
    ExpressionParser parser = reader(piece);
    parser.take();
    do {
      if (auto checked = check_name(parser.peek()); !checked.ok()) return checked.error();
      node.targets.push_back(parser.take().text);
    } while (node.targets.size() < 2 && parser.skip_sign(","));
    if (!parser.skip_word("in")) return parser.unexpected("\"in\" after one name or two");
    auto over = parser.expression();
    if (!over.ok()) return over.error();
    if (auto end = parser.end(); !end.ok()) return end.error();
    node.expression = std::move(*over);

    const std::size_t outer = bound_.size();
    bound_.insert(bound_.end(), node.targets.begin(), node.targets.end());
    bound_.emplace_back("loop");
    auto body = block({"else", "endfor"}, piece.byte);
    bound_.resize(outer);
    if (!body.ok()) return body.error();
    node.body = std::move(*body);
    if (auto done = otherwise(node, "endfor"); !done.ok()) return done.error();
    return node;
  }

  Result<Node> include(const Piece& piece) {
    ++position_;
    ExpressionParser parser = reader(piece);
    parser.take();
    const Token& name = parser.peek();
    if (name.kind != Token::Kind::Literal || !name.literal.is_string())
      return parser.unexpected("the name of an include in quotes");
    parser.take();
    if (auto end = parser.end(); !end.ok()) return parser.unexpected("the end of the tag");
    const auto& text = name.literal.get_ref<const std::string&>();
    auto included = include_(text);
    if (!included.ok()) return with_context(included.error(), "byte " + std::to_string(name.byte));
    for (NameUse& use : included->names) document_.names.push_back({std::move(use.name), piece.byte});
    Node node{Node::Kind::Include, {}, {}, {}, {}, std::move(included->nodes), {}, piece.byte};
    return node;
  }

  std::vector<Piece> pieces_;
  const Include& include_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::string> bound_;
  Document document_;
};

}  // namespace

Result<Document> parse(std::string_view source, const Include& include) {
  auto pieces = cut(source);
  if (!pieces.ok()) return pieces.error();
  return Parser(std::move(*pieces), include).run();
}

}  // namespace llmops::gateway::jinja

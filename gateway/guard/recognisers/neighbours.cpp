#include "gateway/guard/recognisers/neighbours.hpp"

namespace llmops::guard {

bool stands_alone(Edges edges, std::string_view text, std::size_t begin, std::size_t end) {
  if (edges == Edges::Free) return true;
  const char before = begin > 0 ? text[begin - 1] : ' ';
  const char behind = end < text.size() ? text[end] : ' ';
  if (is_ascii_alnum(before) || is_ascii_alnum(behind)) return false;
  if (edges == Edges::Email)
    return before != '.' && before != '_' && before != '%' && before != '+' && before != '-';
  if (edges == Edges::Number || edges == Edges::Groups) {
    const bool joined = before == '-' || before == '.';
    if (joined && begin > 1 && is_ascii_alnum(text[begin - 2])) return false;
    if (edges == Edges::Number && end - begin > 2 && text[end - 2] == '-')
      return false;  // kLongerNumber took its digit
  }
  return true;
}

}  // namespace llmops::guard

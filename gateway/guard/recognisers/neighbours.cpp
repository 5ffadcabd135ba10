#include "gateway/guard/recognisers/neighbours.hpp"

namespace llmops::guard {

bool may_begin(Edges edges, std::string_view text, std::size_t begin) {
  if (edges == Edges::Free || begin == 0) return true;
  const char before = text[begin - 1];
  if (is_ascii_alnum(before)) return false;
  if (edges == Edges::Email)
    return before != '.' && before != '_' && before != '%' && before != '+' && before != '-';
  if (edges != Edges::Number && edges != Edges::Groups) return true;
  const bool joined = before == '-' || before == '.';
  return !joined || begin < 2 || !is_ascii_alnum(text[begin - 2]);
}

bool stands_alone(Edges edges, std::string_view text, std::size_t begin, std::size_t end) {
  if (edges == Edges::Free) return true;
  if (!may_begin(edges, text, begin) || (end < text.size() && is_ascii_alnum(text[end]))) return false;
  const bool took_a_digit = end - begin > 2 && text[end - 2] == '-';  // kLongerNumber
  return edges != Edges::Number || !took_a_digit;
}

}  // namespace llmops::guard

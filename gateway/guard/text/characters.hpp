// Properties of single code points, as the normaliser needs them (Unicode data: utf8proc).
#pragma once

#include <cstdint>

namespace llmops::guard {

using CodePoint = std::int32_t;

// Leaves no trace in normalised text: default-ignorable code points (zero-width characters, soft hyphen,
// variation selectors, tags, Hangul fillers), marks that enclose or strike through, interlinear marks, and
// controls other than white space.
bool is_invisible(CodePoint code);

// A nonspacing mark; behind ASCII digits, punctuation and space it leaves no trace.
bool is_mark(CodePoint code);

// May become part of a character before it: a non-starter, or the second of a pair that composes.
bool joins_what_is_before(CodePoint code);

// May become another character by what follows: the first of a pair that composes, Hangul L and LV.
bool may_compose(CodePoint code);

// Its normal form is itself, wherever it stands, unless something behind it composes with it.
bool is_plain(CodePoint code);

// The ASCII digit that a digit of another script or a circled digit stands for; other code points unchanged.
CodePoint ascii_digit(CodePoint code);

// NFKD of one code point into `out`, at most `room` of them; the number of code points.
int decompose(CodePoint code, CodePoint* out, int room);

int combining_class(CodePoint code);

}  // namespace llmops::guard

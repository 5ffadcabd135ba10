// The forms of keys and tokens, as their issuers publish them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::guard {

// Bounded, below 256 bytes: tokens of one length, and values behind their keys (`key = value`, passwords in
// URLs), where only the value is the secret.
struct BoundedSecret {
  std::string expression;
  // Where the secret begins in a match, or npos when it is none. Null: the match is the secret, and neither
  // letter, digit nor '_' may stand before it.
  std::size_t (*secret_begin)(std::string_view match, double min_entropy_bits) = nullptr;
  bool ignore_case = false;
  // For those with secret_begin: where it begins at the earliest, in a match that is still on its way; npos
  // while nothing of it is there.
  std::size_t (*earliest_begin)(std::string_view so_far) = nullptr;
};
std::vector<BoundedSecret> bounded_secrets();

// Tokens, private key blocks and JWTs that have no longest form, in one expression. Neither letter, digit nor
// '_' may stand before them, but for the blocks.
std::string unbounded_secrets();

// Whether the header of a JWT that was matched is base64url of a JSON object with "alg".
bool has_token_header(std::string_view match);

// Shannon entropy of the bytes of a value, in bits a byte: at most log2 of its length.
double entropy_bits(std::string_view value);

}  // namespace llmops::guard

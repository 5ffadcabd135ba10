// The bounds of one schema node that C++ checks again. The API server has checked them for objects of the
// cluster; files read by the command line and bodies on the wire meet them here first.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace llmops::codec {

struct Limits {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool exclusive_minimum = false;
  std::size_t max_length =
      std::numeric_limits<std::size_t>::max();  // Unicode code points, as the API server counts
  std::size_t min_items = 0;                    // of a list
  std::size_t max_items = std::numeric_limits<std::size_t>::max();  // of a list or a map
  std::string_view constant;                                        // the only text allowed, when not empty
  bool number_as_text = false;      // a quantity: a JSON number is kept as its text
  const Limits* element = nullptr;  // for the elements of a list or the values of a map
};

}  // namespace llmops::codec

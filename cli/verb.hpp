// One verb of the command line.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>

#include "cli/exit_code.hpp"
#include "crds/base/time.hpp"

namespace CLI {
class App;
}

namespace llmops::cli {

struct Network;

// In characters; 0: unknown.
struct ScreenSize {
  std::size_t rows = 0, columns = 0;
};

// What a verb sees of the world. Results go to `out`; what is for people goes to `err`, whose last line is
// the verdict where a verb gives one.
struct Context {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  std::function<Timestamp()> now;
  Network* network = nullptr;               // the way to a cluster (cli/network.hpp); null: there is none
  bool terminal = false;                    // `out` is a terminal, so that what was shown can be drawn over
  bool interactive = false;                 // a person types `in`
  std::function<ScreenSize()> screen_size;  // of the terminal; may change at any time; null: unknown
};

class Verb {
 public:
  virtual ~Verb() = default;
  virtual std::string name() const = 0;
  virtual std::string description() const = 0;
  // Declares flags that write into this object.
  virtual void add_options(CLI::App& app) = 0;
  // Called once, after the flags were read. Returns an ExitCode.
  virtual int run(Context& context) = 0;
};

}  // namespace llmops::cli

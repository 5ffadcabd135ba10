// llmops version
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/output_format.hpp"
#include "cli/verbs.hpp"
#include "crds/base/json.hpp"
#include "crds/base/names.hpp"

namespace llmops::cli {
namespace {

class Version final : public Verb {
 public:
  std::string name() const override { return "version"; }
  std::string description() const override { return "Print the version of this program"; }
  void add_options(CLI::App& app) override { add_output_option(app, format_); }
  int run(Context& context) override {
    if (format_ == OutputFormat::Json)
      context.out << dump_json({{"version", LLMOPS_VERSION}, {"apiVersion", std::string(names::kApiVersion)}})
                  << "\n";
    else
      context.out << "llmops " << LLMOPS_VERSION << "\n";
    return kGood;
  }

 private:
  OutputFormat format_ = OutputFormat::Text;
};

}  // namespace

std::unique_ptr<Verb> make_version() {
  return std::make_unique<Version>();
}

}  // namespace llmops::cli

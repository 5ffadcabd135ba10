#include "cli/output_format.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace llmops::cli {

void add_output_option(CLI::App& app, OutputFormat& format) {
  static const std::map<std::string, OutputFormat> kFormats = {{"text", OutputFormat::Text},
                                                               {"json", OutputFormat::Json}};
  app.add_option("-o,--output", format, "text (default) or json")
      ->transform(CLI::CheckedTransformer(kFormats).description("text|json"));
}

}  // namespace llmops::cli

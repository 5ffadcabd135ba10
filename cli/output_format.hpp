// -o json|text, the same for every verb.
#pragma once

namespace CLI {
class App;
}

namespace llmops::cli {

enum class OutputFormat { Text, Json };

void add_output_option(CLI::App& app, OutputFormat& format);

}  // namespace llmops::cli

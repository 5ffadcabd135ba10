#include "table.hpp"

#include <cstdio>

namespace llmops::sim_statistics {
namespace {

std::string text(const char* before, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%s %.8g", before, value);
  return buffer;
}

}  // namespace

void Table::section(const std::string& title) {
  std::printf("\n%s\n", title.c_str());
}

void Table::at_most(const std::string& name, double found, double allowed) {
  row(name, found, text("<=", allowed), found <= allowed);
}

void Table::at_least(const std::string& name, double found, double allowed) {
  row(name, found, text(">=", allowed), found >= allowed);
}

void Table::median(const std::string& name, double found, double published) {
  char change[64];
  std::snprintf(change, sizeof change, "<= %.0f (published %.0f, %+.0f %%)", 1.15 * published, published,
                100 * (found / published - 1));
  row(name, found, change, found <= 1.15 * published);
}

void Table::row(const std::string& name, double found, const std::string& allowed, bool good) {
  std::printf("  %-74s %11.9g  %-34s %s\n", name.c_str(), found, allowed.c_str(), good ? "ok" : "BREACH");
  std::fflush(stdout);
  if (!good) ++breaches_;
}

}  // namespace llmops::sim_statistics

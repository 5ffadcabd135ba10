// docs/release-table.md, cell by cell.
#include "release_table.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "release_scenes.hpp"

namespace llmops::release {
namespace {

using Cell = std::tuple<Situation, Happening>;

class ReleaseTable : public testing::TestWithParam<Cell> {};

std::vector<Cell> all_cells() {
  std::vector<Cell> cells;
  for (int row = 0; row < kSituations; ++row)
    for (int column = 0; column < kHappenings; ++column)
      cells.emplace_back(static_cast<Situation>(row), static_cast<Happening>(column));
  return cells;
}

std::string name_of(const testing::TestParamInfo<Cell>& info) {
  const auto [situation, happening] = info.param;
  return std::string(to_string(situation)) + "_" + std::string(to_string(happening));
}

TEST_P(ReleaseTable, HasOneAnswer) {
  const auto [situation, happening] = GetParam();
  EXPECT_EQ(outcome_of(situation, happening), expected_outcome(situation, happening));
}

INSTANTIATE_TEST_SUITE_P(Cells, ReleaseTable, testing::ValuesIn(all_cells()), name_of);

// With RELEASE_TABLE_DIR the table and its document are written anew there, to be read before they are kept.
TEST(ReleaseTableDocument, TellsEveryCell) {
  std::map<Cell, std::string> found;
  const char* directory = std::getenv("RELEASE_TABLE_DIR");
  const auto answer = [&](const Cell& cell) {
    const auto [situation, happening] = cell;
    return directory ? outcome_of(situation, happening) : std::string(expected_outcome(situation, happening));
  };
  for (const Cell& cell : all_cells()) found[cell] = answer(cell);
  if (directory) {
    std::ofstream(std::string(directory) + "/release_table.inc") << table_source(found);
    std::ofstream(std::string(directory) + "/release-table.md") << table_document(found);
    return;
  }
  std::ifstream file(RELEASE_TABLE_DOCUMENT);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), table_document(found)) << "make release-table";
}

}  // namespace
}  // namespace llmops::release

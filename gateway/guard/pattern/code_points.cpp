#include "gateway/guard/pattern/code_points.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace llmops::guard {
namespace {

using Range = CodePointSet::Range;

// Of the code points that have other cases: the ones that are equal to each other, at each of them.
using CaseTable = std::map<std::uint32_t, std::vector<std::uint32_t>>;

CaseTable make_case_table() {
  // Cased letters end here (Adlam); the rest of Unicode has none.
  constexpr std::uint32_t kCasedEnd = 0x1E944;
  std::map<std::uint32_t, std::vector<std::uint32_t>> families;
  for (std::uint32_t c = 0; c < kCasedEnd; ++c) {
    // Dotted capital I and dotless small i are equal to no other in simple folding.
    if (c == 0x130 || c == 0x131) continue;
    const auto code = static_cast<utf8proc_int32_t>(c);
    const auto family = static_cast<std::uint32_t>(utf8proc_tolower(utf8proc_toupper(code)));
    if (family != c || utf8proc_toupper(code) != code) families[family].push_back(c);
  }
  CaseTable table;
  for (auto& [family, members] : families) {
    if (std::find(members.begin(), members.end(), family) == members.end()) members.push_back(family);
    for (const std::uint32_t member : members) table[member] = members;
  }
  return table;
}

const CaseTable& case_table() {
  static const CaseTable kTable = make_case_table();
  return kTable;
}

struct Category {
  const char* name;
  int value;
};
constexpr Category kCategories[] = {
    {"Lu", UTF8PROC_CATEGORY_LU}, {"Ll", UTF8PROC_CATEGORY_LL}, {"Lt", UTF8PROC_CATEGORY_LT},
    {"Lm", UTF8PROC_CATEGORY_LM}, {"Lo", UTF8PROC_CATEGORY_LO}, {"Mn", UTF8PROC_CATEGORY_MN},
    {"Mc", UTF8PROC_CATEGORY_MC}, {"Me", UTF8PROC_CATEGORY_ME}, {"Nd", UTF8PROC_CATEGORY_ND},
    {"Nl", UTF8PROC_CATEGORY_NL}, {"No", UTF8PROC_CATEGORY_NO}, {"Pc", UTF8PROC_CATEGORY_PC},
    {"Pd", UTF8PROC_CATEGORY_PD}, {"Ps", UTF8PROC_CATEGORY_PS}, {"Pe", UTF8PROC_CATEGORY_PE},
    {"Pi", UTF8PROC_CATEGORY_PI}, {"Pf", UTF8PROC_CATEGORY_PF}, {"Po", UTF8PROC_CATEGORY_PO},
    {"Sm", UTF8PROC_CATEGORY_SM}, {"Sc", UTF8PROC_CATEGORY_SC}, {"Sk", UTF8PROC_CATEGORY_SK},
    {"So", UTF8PROC_CATEGORY_SO}, {"Zs", UTF8PROC_CATEGORY_ZS}, {"Zl", UTF8PROC_CATEGORY_ZL},
    {"Zp", UTF8PROC_CATEGORY_ZP}, {"Cc", UTF8PROC_CATEGORY_CC}, {"Cf", UTF8PROC_CATEGORY_CF},
    {"Cs", UTF8PROC_CATEGORY_CS}, {"Co", UTF8PROC_CATEGORY_CO}};

// The property Script of the Unicode Character Database, version 15.
constexpr Range kArabic[] = {
    {0x600, 0x604},     {0x606, 0x60B},     {0x60D, 0x61A},     {0x61C, 0x61E},     {0x620, 0x63F},
    {0x641, 0x64A},     {0x656, 0x66F},     {0x671, 0x6DC},     {0x6DE, 0x6FF},     {0x750, 0x77F},
    {0x870, 0x88E},     {0x890, 0x891},     {0x898, 0x8E1},     {0x8E3, 0x8FF},     {0xFB50, 0xFBC2},
    {0xFBD3, 0xFD3D},   {0xFD40, 0xFD8F},   {0xFD92, 0xFDC7},   {0xFDCF, 0xFDCF},   {0xFDF0, 0xFDFF},
    {0xFE70, 0xFE74},   {0xFE76, 0xFEFC},   {0x10E60, 0x10E7E}, {0x10EFD, 0x10EFF}, {0x1EE00, 0x1EE03},
    {0x1EE05, 0x1EE1F}, {0x1EE21, 0x1EE22}, {0x1EE24, 0x1EE24}, {0x1EE27, 0x1EE27}, {0x1EE29, 0x1EE32},
    {0x1EE34, 0x1EE37}, {0x1EE39, 0x1EE39}, {0x1EE3B, 0x1EE3B}, {0x1EE42, 0x1EE42}, {0x1EE47, 0x1EE47},
    {0x1EE49, 0x1EE49}, {0x1EE4B, 0x1EE4B}, {0x1EE4D, 0x1EE4F}, {0x1EE51, 0x1EE52}, {0x1EE54, 0x1EE54},
    {0x1EE57, 0x1EE57}, {0x1EE59, 0x1EE59}, {0x1EE5B, 0x1EE5B}, {0x1EE5D, 0x1EE5D}, {0x1EE5F, 0x1EE5F},
    {0x1EE61, 0x1EE62}, {0x1EE64, 0x1EE64}, {0x1EE67, 0x1EE6A}, {0x1EE6C, 0x1EE72}, {0x1EE74, 0x1EE77},
    {0x1EE79, 0x1EE7C}, {0x1EE7E, 0x1EE7E}, {0x1EE80, 0x1EE89}, {0x1EE8B, 0x1EE9B}, {0x1EEA1, 0x1EEA3},
    {0x1EEA5, 0x1EEA9}, {0x1EEAB, 0x1EEBB}, {0x1EEF0, 0x1EEF1}};
constexpr Range kCyrillic[] = {{0x400, 0x484},     {0x487, 0x52F},    {0x1C80, 0x1C88}, {0x1D2B, 0x1D2B},
                               {0x1D78, 0x1D78},   {0x2DE0, 0x2DFF},  {0xA640, 0xA69F}, {0xFE2E, 0xFE2F},
                               {0x1E030, 0x1E06D}, {0x1E08F, 0x1E08F}};
constexpr Range kDevanagari[] = {
    {0x900, 0x950}, {0x955, 0x963}, {0x966, 0x97F}, {0xA8E0, 0xA8FF}, {0x11B00, 0x11B09}};
constexpr Range kGreek[] = {{0x370, 0x373},   {0x375, 0x377},     {0x37A, 0x37D},     {0x37F, 0x37F},
                            {0x384, 0x384},   {0x386, 0x386},     {0x388, 0x38A},     {0x38C, 0x38C},
                            {0x38E, 0x3A1},   {0x3A3, 0x3E1},     {0x3F0, 0x3FF},     {0x1D26, 0x1D2A},
                            {0x1D5D, 0x1D61}, {0x1D66, 0x1D6A},   {0x1DBF, 0x1DBF},   {0x1F00, 0x1F15},
                            {0x1F18, 0x1F1D}, {0x1F20, 0x1F45},   {0x1F48, 0x1F4D},   {0x1F50, 0x1F57},
                            {0x1F59, 0x1F59}, {0x1F5B, 0x1F5B},   {0x1F5D, 0x1F5D},   {0x1F5F, 0x1F7D},
                            {0x1F80, 0x1FB4}, {0x1FB6, 0x1FC4},   {0x1FC6, 0x1FD3},   {0x1FD6, 0x1FDB},
                            {0x1FDD, 0x1FEF}, {0x1FF2, 0x1FF4},   {0x1FF6, 0x1FFE},   {0x2126, 0x2126},
                            {0xAB65, 0xAB65}, {0x10140, 0x1018E}, {0x101A0, 0x101A0}, {0x1D200, 0x1D245}};
constexpr Range kHan[] = {{0x2E80, 0x2E99},   {0x2E9B, 0x2EF3},   {0x2F00, 0x2FD5},   {0x3005, 0x3005},
                          {0x3007, 0x3007},   {0x3021, 0x3029},   {0x3038, 0x303B},   {0x3400, 0x4DBF},
                          {0x4E00, 0x9FFF},   {0xF900, 0xFA6D},   {0xFA70, 0xFAD9},   {0x16FE2, 0x16FE3},
                          {0x16FF0, 0x16FF1}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B739}, {0x2B740, 0x2B81D},
                          {0x2B820, 0x2CEA1}, {0x2CEB0, 0x2EBE0}, {0x2F800, 0x2FA1D}, {0x30000, 0x3134A},
                          {0x31350, 0x323AF}};
constexpr Range kHangul[] = {{0x1100, 0x11FF}, {0x302E, 0x302F}, {0x3131, 0x318E}, {0x3200, 0x321E},
                             {0x3260, 0x327E}, {0xA960, 0xA97C}, {0xAC00, 0xD7A3}, {0xD7B0, 0xD7C6},
                             {0xD7CB, 0xD7FB}, {0xFFA0, 0xFFBE}, {0xFFC2, 0xFFC7}, {0xFFCA, 0xFFCF},
                             {0xFFD2, 0xFFD7}, {0xFFDA, 0xFFDC}};
constexpr Range kHebrew[] = {{0x591, 0x5C7},   {0x5D0, 0x5EA},   {0x5EF, 0x5F4},
                             {0xFB1D, 0xFB36}, {0xFB38, 0xFB3C}, {0xFB3E, 0xFB3E},
                             {0xFB40, 0xFB41}, {0xFB43, 0xFB44}, {0xFB46, 0xFB4F}};
constexpr Range kHiragana[] = {{0x3041, 0x3096},   {0x309D, 0x309F},   {0x1B001, 0x1B11F},
                               {0x1B132, 0x1B132}, {0x1B150, 0x1B152}, {0x1F200, 0x1F200}};
constexpr Range kKatakana[] = {{0x30A1, 0x30FA},   {0x30FD, 0x30FF},   {0x31F0, 0x31FF},   {0x32D0, 0x32FE},
                               {0x3300, 0x3357},   {0xFF66, 0xFF6F},   {0xFF71, 0xFF9D},   {0x1AFF0, 0x1AFF3},
                               {0x1AFF5, 0x1AFFB}, {0x1AFFD, 0x1AFFE}, {0x1B000, 0x1B000}, {0x1B120, 0x1B122},
                               {0x1B155, 0x1B155}, {0x1B164, 0x1B167}};
constexpr Range kLatin[] = {
    {0x41, 0x5A},       {0x61, 0x7A},       {0xAA, 0xAA},       {0xBA, 0xBA},      {0xC0, 0xD6},
    {0xD8, 0xF6},       {0xF8, 0x2B8},      {0x2E0, 0x2E4},     {0x1D00, 0x1D25},  {0x1D2C, 0x1D5C},
    {0x1D62, 0x1D65},   {0x1D6B, 0x1D77},   {0x1D79, 0x1DBE},   {0x1E00, 0x1EFF},  {0x2071, 0x2071},
    {0x207F, 0x207F},   {0x2090, 0x209C},   {0x212A, 0x212B},   {0x2132, 0x2132},  {0x214E, 0x214E},
    {0x2160, 0x2188},   {0x2C60, 0x2C7F},   {0xA722, 0xA787},   {0xA78B, 0xA7CA},  {0xA7D0, 0xA7D1},
    {0xA7D3, 0xA7D3},   {0xA7D5, 0xA7D9},   {0xA7F2, 0xA7FF},   {0xAB30, 0xAB5A},  {0xAB5C, 0xAB64},
    {0xAB66, 0xAB69},   {0xFB00, 0xFB06},   {0xFF21, 0xFF3A},   {0xFF41, 0xFF5A},  {0x10780, 0x10785},
    {0x10787, 0x107B0}, {0x107B2, 0x107BA}, {0x1DF00, 0x1DF1E}, {0x1DF25, 0x1DF2A}};
constexpr Range kThai[] = {{0xE01, 0xE3A}, {0xE40, 0xE5B}};

using ClassTable = std::map<std::string, CodePointSet, std::less<>>;

ClassTable make_class_table() {
  std::array<std::vector<Range>, 32> by_category;
  for (std::uint32_t c = 0; c <= CodePointSet::kLast; ++c) {
    std::vector<Range>& ranges =
        by_category.at(static_cast<std::size_t>(utf8proc_category(static_cast<utf8proc_int32_t>(c))));
    if (!ranges.empty() && ranges.back().last + 1 == c)
      ranges.back().last = c;
    else
      ranges.push_back({c, c});
  }
  ClassTable table;
  for (const Category& category : kCategories) {
    CodePointSet& own = table[category.name];
    CodePointSet& group = table[std::string(1, category.name[0])];
    for (const Range& range : by_category.at(static_cast<std::size_t>(category.value)))
      own.add(range.first, range.last);
    group.add(own);
  }
  table["Any"] = CodePointSet{{0, CodePointSet::kLast}};
  const auto script = [&table](const char* name, const auto& ranges) {
    CodePointSet& set = table[name];
    for (const Range& range : ranges) set.add(range.first, range.last);
  };
  script("Arabic", kArabic);
  script("Cyrillic", kCyrillic);
  script("Devanagari", kDevanagari);
  script("Greek", kGreek);
  script("Han", kHan);
  script("Hangul", kHangul);
  script("Hebrew", kHebrew);
  script("Hiragana", kHiragana);
  script("Katakana", kKatakana);
  script("Latin", kLatin);
  script("Thai", kThai);
  return table;
}

}  // namespace

void CodePointSet::normalise() {
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> merged;
  for (const Range& range : ranges_) {
    if (!merged.empty() && range.first <= merged.back().last + 1)
      merged.back().last = std::max(merged.back().last, range.last);
    else
      merged.push_back(range);
  }
  ranges_ = std::move(merged);
}

void CodePointSet::add(std::uint32_t first, std::uint32_t last) {
  const bool in_order = ranges_.empty() || first > ranges_.back().last + 1;
  ranges_.push_back({first, last});
  if (!in_order) normalise();
}

void CodePointSet::add(const CodePointSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  normalise();
}

void CodePointSet::negate() {
  std::vector<Range> others;
  std::uint32_t next = 0;
  for (const Range& range : ranges_) {
    if (range.first > next) others.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLast) others.push_back({next, kLast});
  ranges_ = std::move(others);
}

void CodePointSet::add_other_cases() {
  const CaseTable& table = case_table();
  std::vector<Range> more;
  for (const Range& range : ranges_)
    for (auto it = table.lower_bound(range.first); it != table.end() && it->first <= range.last; ++it)
      for (const std::uint32_t other : it->second) more.push_back({other, other});
  ranges_.insert(ranges_.end(), more.begin(), more.end());
  normalise();
}

const CodePointSet* unicode_class(std::string_view name) {
  static const ClassTable kTable = make_class_table();
  const auto found = kTable.find(name);
  return found == kTable.end() ? nullptr : &found->second;
}

}  // namespace llmops::guard

// What a guard's pattern search costs on ordinary prose: 1,000 words and 20 expressions at once, as a whole
// text and as a stream of small pieces; RE2::Set on the same expressions beside it.
#include <benchmark/benchmark.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "gateway/guard/pattern/pattern_set.hpp"

namespace llmops::guard {
namespace {

const std::vector<std::string>& expressions() {
  static const std::vector<std::string> kExpressions = {
      "\\d{6}-?[1-8]\\d{6}",
      "01[016789]-?\\d{3,4}-?\\d{4}",
      "0\\d{1,2}-\\d{3,4}-\\d{4}",
      "\\d{3}-\\d{2}-\\d{5}",
      "[MSROD]\\d{3}[A-Z]\\d{4}",
      "\\d{2}-\\d{2}-\\d{6}-\\d{2}",
      "\\d{4}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{1,7}",
      "[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\\.[A-Za-z]{2,24}",
      "\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}",
      "[A-Z]{2}\\d{2}[A-Z0-9]{11,30}",
      "\\d{3}-\\d{2}-\\d{4}",
      "AKIA[0-9A-Z]{16}",
      "gh[pousr]_[A-Za-z0-9]{36}",
      "eyJ[A-Za-z0-9_-]{8,200}\\.eyJ[A-Za-z0-9_-]{8,200}",
      "-----BEGIN [A-Z ]{1,30}PRIVATE KEY-----",
      "(?i)password\\s{0,4}[:=]\\s{0,4}\\S{6,64}",
      "\\d{2,3}[가-힣]\\d{4}",
      "PRJ-[0-9]{6}",
      "(?i)internal use only",
      "대외비\\s{0,3}문서"};
  return kExpressions;
}

const std::vector<std::string>& korean_sentences() {
  static const std::vector<std::string> kSentences = {
      "어제 주문하신 상품은 내일 오전에 도착할 예정이며, 배송이 늦어지면 문자로 먼저 알려 드립니다. ",
      "환불을 원하시면 받으신 날부터 7일 안에 고객센터로 연락해 주시고, 포장은 버리지 말아 주세요. ",
      "회의는 2층 작은 회의실에서 열리고, 자료는 시작하기 전에 모두에게 나누어 드리겠습니다. ",
      "이 약은 식후 30분에 물과 함께 드시고, 어지러우면 바로 복용을 멈추고 의사와 상의하세요. ",
      "서울에서 부산까지 기차로 두 시간 반쯤 걸리는데, 주말에는 표가 일찍 없어집니다. ",
      "새로 나온 요금제는 한 달에 9,900원이고 언제든지 위약금 없이 해지할 수 있습니다.\n",
      "그 책의 첫 장은 조금 어렵지만 뒤로 갈수록 이야기가 재미있어서 금방 읽게 됩니다. ",
      "김치찌개를 끓일 때는 신 김치를 기름에 먼저 볶아야 국물이 깊은 맛을 냅니다. "};
  return kSentences;
}

const std::vector<std::string>& english_sentences() {
  static const std::vector<std::string> kSentences = {
      "Your order left our warehouse this morning and should arrive before noon on Thursday. ",
      "To return it, keep the box, print the label from your account, and hand both to the courier. ",
      "The meeting moved to the small room on the second floor; notes will follow after 3 pm. ",
      "Take one tablet after each meal, with water, and stop at once if you feel dizzy. ",
      "Trains between the two cities run every 20 minutes, but seats sell out early on weekends. ",
      "The new plan costs $9.90 a month, and you may leave whenever you like without a fee.\n",
      "Its first chapter is slow, yet by the middle of the book I could hardly put it down. ",
      "Fry the onions gently until they turn sweet, then add the stock and let it simmer. "};
  return kSentences;
}

std::string prose(const std::vector<std::string>& sentences, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 1; text.size() < bytes; i = (i * 5 + 3) % 1021)
    text += sentences[i % sentences.size()];
  return text;
}

// 500 Korean and 500 English words of the kind that people forbid; made by rule.
std::vector<std::string> words() {
  static const std::vector<std::string> kSyllables = {"가", "노", "도", "라", "마", "바", "사",
                                                      "아", "자", "차", "카", "타", "파", "하",
                                                      "기", "니", "디", "리", "미", "비"};
  static const std::vector<std::string> kParts = {"con", "ter", "mal", "ver", "pro", "dis", "lor", "ban",
                                                  "sti", "que", "fra", "ndo", "gle", "mos", "tri", "pul"};
  std::vector<std::string> result;
  for (std::size_t i = 0; i < 500; ++i) {
    result.push_back(kSyllables[i % 20] + kSyllables[i / 20 % 20] + kSyllables[i * 7 % 19] +
                     (i % 3 == 0 ? "질" : ""));
    result.push_back(kParts[i % 16] + kParts[i / 16 % 16] + kParts[i * 7 % 13] + (i % 4 == 0 ? "er" : ""));
  }
  return result;
}

struct Sets {
  PatternSet words, expressions;
};

Sets make_sets() {
  std::vector<PatternSource> sources;
  for (const std::string& expression : expressions()) sources.push_back({expression, false});
  Result<PatternSet> literal = PatternSet::literals(words(), true, 256);
  Result<PatternSet> compiled = PatternSet::compile(std::move(sources), 512);
  if (!literal || !compiled) std::abort();
  return {std::move(literal).value(), std::move(compiled).value()};
}

std::string text_of(const benchmark::State& state) {
  return prose(state.range(0) == 0 ? korean_sentences() : english_sentences(), 64 << 10);
}

void report(benchmark::State& state, std::size_t bytes, std::size_t matches) {
  state.SetLabel(state.range(0) == 0 ? "Korean" : "English");
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
  state.counters["us_per_KB"] =
      benchmark::Counter(static_cast<double>(bytes) / 1024.0 * 1e-6,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["matches"] = static_cast<double>(matches);
}

void whole_text(benchmark::State& state) {
  const Sets sets = make_sets();
  const std::string text = text_of(state);
  std::vector<PatternMatch> matches;
  for (auto _ : state) {
    matches.clear();
    sets.words.find({text, 0, true, {}}, nullptr, matches);
    sets.expressions.find({text, 0, true, {}}, nullptr, matches);
    benchmark::DoNotOptimize(matches.data());
  }
  report(state, text.size(), matches.size());
}
BENCHMARK(whole_text)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

// Pieces of `range(1)` bytes; what is decided leaves the window but for eight bytes.
void streamed(benchmark::State& state) {
  const Sets sets = make_sets();
  const std::string text = text_of(state);
  const auto piece = static_cast<std::size_t>(state.range(1));
  std::vector<PatternMatch> matches;
  std::string resume[2], next_resume;
  for (auto _ : state) {
    std::size_t from[2] = {0, 0};
    for (std::size_t fed = piece; fed < text.size(); fed += piece) {
      const PatternSet* both[] = {&sets.words, &sets.expressions};
      for (int i = 0; i < 2; ++i) {
        matches.clear();
        const std::size_t drop = from[i] > 8 ? from[i] - 8 : 0;
        from[i] = drop + both[i]->find({std::string_view(text).substr(drop, fed - drop), from[i] - drop,
                                        false, resume[i]},
                                       nullptr, matches, &next_resume);
        std::swap(resume[i], next_resume);
        benchmark::DoNotOptimize(matches.data());
      }
    }
    resume[0].clear();
    resume[1].clear();
  }
  report(state, text.size(), 0);
}
BENCHMARK(streamed)->ArgsProduct({{0, 1}, {1, 4, 16}})->Unit(benchmark::kMicrosecond);

void first_search_of_a_new_set(benchmark::State& state) {
  const std::string text = text_of(state).substr(0, 1024);
  std::vector<PatternMatch> matches;
  for (auto _ : state) {
    state.PauseTiming();
    const Sets sets = make_sets();
    state.ResumeTiming();
    sets.words.find({text, 0, false, {}}, nullptr, matches);
    sets.expressions.find({text, 0, false, {}}, nullptr, matches);
  }
  report(state, text.size(), matches.size());
}
BENCHMARK(first_search_of_a_new_set)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond)->Iterations(20);

void compile_both(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(make_sets());
}
BENCHMARK(compile_both)->Unit(benchmark::kMillisecond);

// RE2::Set says only which expressions match somewhere, not where, and nothing of what is to be held back.
void re2_set_whole_text(benchmark::State& state) {
  RE2::Options options;
  options.set_longest_match(true);
  options.set_max_mem(256 << 20);
  RE2::Set set(options, RE2::UNANCHORED);
  for (const std::string& expression : expressions()) set.Add(expression, nullptr);
  for (const std::string& word : words()) set.Add("(?i)" + RE2::QuoteMeta(word), nullptr);
  if (!set.Compile()) std::abort();
  const std::string text = text_of(state);
  std::vector<int> matched;
  for (auto _ : state) benchmark::DoNotOptimize(set.Match(text, &matched));
  report(state, text.size(), matched.size());
}
BENCHMARK(re2_set_whole_text)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace llmops::guard

BENCHMARK_MAIN();

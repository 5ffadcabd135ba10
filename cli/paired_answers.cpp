#include "cli/paired_answers.hpp"

#include <string_view>
#include <unordered_map>

#include "crds/base/digest.hpp"
#include "evaluator/judgement/line_problems.hpp"

namespace llmops::cli {

using judgement::Item;
using judgement::RecordedAnswers;

Result<PairedAnswers> pair_answers(const RecordedAnswers& stable, const RecordedAnswers& candidate) {
  PairedAnswers pairs;
  pairs.dataset = stable.dataset;
  pairs.dataset.digest = sha256_hex(stable.dataset.digest + candidate.dataset.digest);
  std::unordered_map<std::string_view, std::size_t> by_id;
  std::size_t next_cluster = 0;
  for (std::size_t i = 0; i < stable.dataset.items.size(); ++i) {
    by_id.emplace(stable.dataset.items[i].id, i);
    next_cluster = std::max(next_cluster, stable.dataset.items[i].cluster + 1);
  }
  judgement::LineProblems problems;
  std::unordered_map<std::size_t, std::size_t> clusters;  // of items that only the candidate has
  for (const Item& item : candidate.dataset.items) {
    const auto found = by_id.find(item.id);
    if (found == by_id.end()) {
      Item extra = item;
      const auto [cluster, fresh] = clusters.emplace(item.cluster, next_cluster);
      if (fresh) ++next_cluster;
      extra.cluster = cluster->second;
      pairs.dataset.items.push_back(std::move(extra));
      continue;
    }
    Item& merged = pairs.dataset.items[found->second];
    if (merged.references.empty())
      merged.references = item.references;
    else if (!item.references.empty() && item.references != merged.references)
      problems.add(item.line, "reference", "another one for item \"" + item.id + "\" than the stable file",
                   "the same golden set in both files");
    if (merged.tags.empty()) merged.tags = item.tags;
  }
  if (!problems.empty()) return problems.to_error("candidate");
  pairs.stable = judgement::align(stable, pairs.dataset, pairs.only_in_candidate);
  pairs.candidate = judgement::align(candidate, pairs.dataset, pairs.only_in_stable);
  return pairs;
}

}  // namespace llmops::cli

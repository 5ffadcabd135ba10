#include "evaluator/job/ask_all.hpp"

#include <algorithm>

#include "evaluator/job/chat.hpp"

namespace llmops::evaluator {
namespace {

// Shared by the workers; lives in ask_all's frame, which joins them all.
struct Queue {
  ArmClient& client;
  const judgement::Dataset& dataset;
  std::vector<ArmRun>& arms;
  const AskOptions& options;
  std::size_t next = 0;
  std::size_t answered = 0;

  std::size_t size() const { return dataset.items.size() * arms.size(); }
};

Task<void> work(Queue& queue) {
  while (queue.next < queue.size() && !queue.client.past_deadline()) {
    const std::size_t turn = queue.next++;
    const std::size_t item = turn / queue.arms.size();
    const std::size_t place = turn % queue.arms.size();
    ArmRun& arm = queue.arms[item % 2 == 0 ? place : queue.arms.size() - 1 - place];
    const std::string body =
        chat_request(queue.dataset.items[item], queue.options.model, queue.options.max_tokens);
    const std::string conversation = queue.options.eval_run + "-" + queue.dataset.items[item].id;
    judgement::Answer answer = co_await queue.client.ask(arm.endpoint, body, conversation);
    arm.answers[item] = std::move(answer);
    ++queue.answered;
    if (queue.options.progress) queue.options.progress(queue.answered, queue.size());
  }
}

}  // namespace

Task<void> ask_all(Env& env, ArmClient& client, const judgement::Dataset& dataset, std::vector<ArmRun>& arms,
                   const AskOptions& options) {
  judgement::Answer nothing;
  nothing.unscored_reason = "not asked";
  for (ArmRun& arm : arms) arm.answers.assign(dataset.items.size(), nothing);
  Queue queue{client, dataset, arms, options};
  std::vector<TaskHandle> workers;
  const std::size_t count =
      std::clamp<std::size_t>(options.concurrency, 1, std::max<std::size_t>(queue.size(), 1));
  for (std::size_t i = 0; i < count; ++i) workers.push_back(env.spawn("ask", work(queue)));
  for (TaskHandle& worker : workers) co_await worker.join();
}

}  // namespace llmops::evaluator

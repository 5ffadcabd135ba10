#include "controllers/evalrun/core/pod_words.hpp"

#include <algorithm>
#include <array>

namespace llmops::evalrun {
namespace {

constexpr std::array<std::string_view, 6> kImageReasons{"ErrImagePull",        "ImagePullBackOff",
                                                        "ErrImageNeverPull",   "InvalidImageName",
                                                        "RegistryUnavailable", "ImageInspectError"};
constexpr std::array<std::string_view, 4> kStartReasons{"CreateContainerConfigError", "CreateContainerError",
                                                        "RunContainerError", "PreCreateHookError"};

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

std::string trouble(const PodState& pod, const std::string& image) {
  const std::string look = " (kubectl describe pod " + pod.meta.name + " says why)";
  if (one_of(kImageReasons, pod.waiting_reason))
    return "the evaluator's image " + image + " cannot be pulled" + look;
  if (one_of(kStartReasons, pod.waiting_reason)) return "the evaluator's container cannot be started" + look;
  if (pod.unschedulable) return "no node takes the evaluator's pod" + look;
  return {};
}

}  // namespace llmops::evalrun

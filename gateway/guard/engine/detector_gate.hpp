// The last gate of a stream: what rules have let go waits, sentence by sentence, for the answers of outside
// services.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/engine/enforcer.hpp"
#include "gateway/guard/engine/program.hpp"

namespace llmops::guard {

// The end of the last whole sentence of a text, as bytes; 0 when there is none. A sentence ends with . ! ? or
// their wide forms before white space, or with a line break; a text of `longest` bytes without such an end is
// cut at its last white space, else between characters.
std::size_t end_of_sentences(std::string_view text, std::size_t longest);

class DetectorGate {
 public:
  DetectorGate(const std::vector<PlannedRule>& detectors, std::vector<ScanRecord>& scanned,
               Verdicts& verdicts);

  // `text` may leave as far as rules go; it stands for the given text up to byte `given`.
  void feed(std::string_view text, std::size_t given, std::string& out);
  // Nothing follows.
  void finish(std::string& out);
  // What has been let go since.
  void collect(std::string& out);

  std::string_view window();
  void detected(std::string_view guardrail, std::string_view rule, std::optional<bool> found);
  std::size_t held_bytes() const { return holds_ ? waiting_.size() : 0; }

 private:
  struct Detector {
    PlannedRule planned;
    bool answered = false;
  };
  void close_window();

  std::vector<Detector> detectors_;
  std::vector<ScanRecord>& scanned_;
  Verdicts& verdicts_;
  bool holds_ = false;
  bool complete_ = false;
  std::string waiting_;     // begins with the window
  std::size_t window_ = 0;  // bytes of it
  std::string let_go_;
  // How far the given text went when so much text had come; for the bytes of findings.
  struct Mark {
    std::size_t text, given;
  };
  std::vector<Mark> marks_;
  std::size_t text_end_ = 0;
  std::size_t window_given_ = 0;  // where the window begins in the given text
};

}  // namespace llmops::guard

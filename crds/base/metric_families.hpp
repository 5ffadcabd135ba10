// The one table of metrics: what /metrics of the operator and of gateways tells, in the Prometheus text
// format. docs/metrics.md is written from this file (`make docs`), so each family is one declaration.
#pragma once

#include <array>
#include <string_view>

namespace llmops::metrics {

enum class Type { Counter, Gauge, Histogram };
enum class Program { Operator, Gateway };

struct Family {
  Program program;
  std::string_view name;
  Type type;
  std::string_view labels;  // names, with commas between
  std::string_view help;    // one line
};

inline constexpr Family kReconciles{Program::Operator, "llmops_reconcile_total", Type::Counter,
                                    "controller,result", "Passes by controller and result."};
inline constexpr Family kReconcileSeconds{Program::Operator, "llmops_reconcile_seconds", Type::Histogram,
                                          "controller", "Duration of a pass."};
inline constexpr Family kReportPulls{Program::Operator, "llmops_gateway_report_pulls_total", Type::Counter,
                                     "", "Reports asked from gateways; none while everything is settled."};
inline constexpr Family kTransitions{Program::Operator, "llmops_release_transitions_total", Type::Counter, "",
                                     "Status writes of ModelDeployments that carried a transition."};
inline constexpr Family kAdmissionRequests{
    Program::Operator, "llmops_admission_requests_total", Type::Counter, "kind,result",
    "Questions of API servers by kind and result: allowed, warned, refused or malformed."};
inline constexpr Family kAdmissionSeconds{Program::Operator, "llmops_admission_seconds", Type::Histogram,
                                          "kind", "From a question of an API server to its answer."};

// Names follow OpenTelemetry's conventions for generative AI where they have one.
inline constexpr Family kRequests{
    Program::Gateway, "llmops_gateway_requests_total", Type::Counter, "arm,revision,code",
    "Answered requests by status; revision and arm are empty when it met none."};
inline constexpr Family kBlockedRequests{
    Program::Gateway, "llmops_gateway_blocked_requests_total", Type::Counter, "arm,revision",
    "Requests that a guardrail ended, on their way in or out, with Block or Fallback."};
inline constexpr Family kFeedback{
    Program::Gateway, "llmops_gateway_feedback_total", Type::Counter, "arm,revision,value",
    "Feedback of users on answers, by the revision that gave them and its arm: down, neutral or up."};
inline constexpr Family kRequestDuration{Program::Gateway, "gen_ai_server_request_duration_seconds",
                                         Type::Histogram, "arm,revision",
                                         "From a request to the end of its answer."};
inline constexpr Family kFirstToken{Program::Gateway, "gen_ai_server_time_to_first_token_seconds",
                                    Type::Histogram, "arm,revision",
                                    "From a request to the first part of its answer."};
inline constexpr Family kTokenUsage{Program::Gateway, "gen_ai_client_token_usage", Type::Histogram,
                                    "arm,revision,gen_ai_token_type", "Tokens of a request."};
inline constexpr Family kGuardFindings{Program::Gateway, "llmops_guardrail_findings_total", Type::Counter,
                                       "guardrail,rule,stage,action,enforced",
                                       "What rules found; enforced is false in Monitor mode."};
inline constexpr Family kGuardBlocked{Program::Gateway, "llmops_guardrail_blocked_total", Type::Counter,
                                      "guardrail,rule,stage,decision",
                                      "Requests and choices of answers that a rule ended."};
inline constexpr Family kGuardMasked{Program::Gateway, "llmops_guardrail_masked_texts_total", Type::Counter,
                                     "stage", "Texts of which a part was replaced."};
inline constexpr Family kGuardFailures{Program::Gateway, "llmops_guardrail_failures_total", Type::Counter,
                                       "guardrail,rule,stage",
                                       "Rules that could not look, by rule; failMode said what then."};
inline constexpr Family kGuardScanned{Program::Gateway, "llmops_guardrail_scanned_bytes_total", Type::Counter,
                                      "guardrail,rule,stage", "Bytes that rules looked at."};
inline constexpr Family kRetries{
    Program::Gateway, "llmops_gateway_retries_total", Type::Counter, "",
    "Times that a request was sent on to another engine pod, since one did not answer."};
inline constexpr Family kHeld{Program::Gateway, "llmops_gateway_held_requests_total", Type::Counter, "",
                              "Requests that had to wait for an engine pod."};
inline constexpr Family kCutStreams{Program::Gateway, "llmops_gateway_cut_streams_total", Type::Counter, "",
                                    "Streams whose engine went away in the middle of an answer."};
inline constexpr Family kClientsGone{Program::Gateway, "llmops_gateway_clients_gone_total", Type::Counter, "",
                                     "Clients that went away before the end of their answer."};
inline constexpr Family kRefusedConfigurations{
    Program::Gateway, "llmops_gateway_refused_configurations_total", Type::Counter, "",
    "Configurations that were not taken over: they could not be read, or were older."};
inline constexpr Family kInFlight{Program::Gateway, "llmops_gateway_in_flight_requests", Type::Gauge,
                                  "revision", "Requests at an engine now."};
inline constexpr Family kEndpoints{Program::Gateway, "llmops_gateway_endpoints", Type::Gauge,
                                   "serving_hash,state", "Engine pods by serving hash and state."};
inline constexpr Family kWaiting{Program::Gateway, "llmops_gateway_waiting_requests", Type::Gauge, "",
                                 "Requests that wait for an engine pod now."};
inline constexpr Family kEpoch{Program::Gateway, "llmops_gateway_configuration_epoch", Type::Gauge, "",
                               "Epoch of the configuration in force; 0 before the first one."};
inline constexpr Family kReady{Program::Gateway, "llmops_gateway_ready", Type::Gauge, "",
                               "1 while this gateway is ready for users."};

inline constexpr std::array kGatewayFamilies{
    kRequests,      kBlockedRequests, kFeedback,    kRequestDuration,       kFirstToken,   kTokenUsage,
    kGuardFindings, kGuardBlocked,    kGuardMasked, kGuardFailures,         kGuardScanned, kRetries,
    kHeld,          kCutStreams,      kClientsGone, kRefusedConfigurations, kInFlight,     kEndpoints,
    kWaiting,       kEpoch,           kReady};

constexpr std::string_view to_string(Type type) {
  switch (type) {
    case Type::Counter:
      return "counter";
    case Type::Gauge:
      return "gauge";
    case Type::Histogram:
      return "histogram";
  }
  return "untyped";
}

}  // namespace llmops::metrics

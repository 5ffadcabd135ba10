"""Releases are judged by users' traffic: faults that no golden set sees are rolled back, good candidates are promoted, with the
operator and gateways killed in the middle too, the old stable takes its place again when harm shows in the bake, and the same
content against itself hardly ever fails."""
import json
import os
import subprocess
import time

from fault_engine import FAILURES, FaultCounts, fault_backend
from kube import condition
from release import ended_after, latest_history, settled, status
from stage import PROMPTS, deployment_spec, failures_by_kind, prompt

SAME_AGAINST_ITSELF = int(os.environ.get("LLMOPS_AA", "3"))
STEPS = [{"setWeight": 50}, {"pause": {"duration": "1s"}}]
USERS = {"rate": 50, "conversations": 24, "arguments": ("--min-turns", "1", "--max-turns", "3")}
GOOD = {"first_token": "lognormal 20ms 0.3", "token_interval": "2ms", "tokens": 12}
GUARD = {"apiVersion": "llmops.dev/v1alpha1", "kind": "Guardrail", "metadata": {"name": "over-blocking"}, "spec": {
    "rules": [{"name": "nothing-about-time", "type": "words", "stages": ["input"], "action": "Block",
               "words": {"words": ["days", "long", "refund", "delivery", "며칠", "기간", "환불", "배송"]}}]}}


def live_gate(name, metrics, observe_for="15s", conversations=200, give_up_after="3m"):
    return {"apiVersion": "llmops.dev/v1alpha1", "kind": "EvalGate", "metadata": {"name": name}, "spec": {"live": {
        "metrics": metrics, "observeFor": observe_for, "minConversations": conversations, "giveUpAfter": give_up_after}}}


def strategy(gate, bake=None):
    return {"canary": {"steps": STEPS, "analysis": {"gates": [{"name": gate}]}, "bake": bake or {"duration": "1s", "holdbackWeight": 0},
                       "abortScaleDownDelay": "1s"}}


class Case:
    """One release under load, and what its live gate saw."""

    def __init__(self, stage, release, gate):
        self.stage, self.release, self.gate = stage, release, gate
        self.faults = FaultCounts(release)
        release.each_look = self._look
        self._looked = 0.0
        self.weight_since = None

    def _look(self, obj):
        if time.monotonic() - self._looked > 0.5:
            self._looked = time.monotonic()
            self.faults.look()
        arms = {arm["name"]: arm["weight"] for arm in status(obj).get("arms", [])}
        verified = status(obj).get("trafficVerified", {}).get("epoch") == status(obj).get("epoch")
        if self.weight_since is None and arms.get("candidate") and verified:
            self.weight_since = time.monotonic()

    def play(self, spec, seconds=240, meanwhile=None):
        """Patches, waits for the end; returns (outcome, the live EvalRun, seconds from the weight to the end)."""
        last_run = status(self.release.object).get("lastRun", 0)
        self.weight_since = None
        self.release.patch(spec)
        if meanwhile:
            self.release.wait_for("the candidate meets users", lambda _: self.weight_since, 120)
            meanwhile()
        self.release.wait_for(f"the end of {self.gate}", ended_after(last_run), seconds)
        took = time.monotonic() - (self.weight_since or time.monotonic())
        runs = [r for r in self.release.eval_runs(last_run + 1) if r["spec"]["gate"] == self.gate]
        return latest_history(self.release.object).get("outcome"), runs[-1] if runs else {}, took


def median_forecast(stage, gate, metric, usual, harmful, run, took):
    """What `llmops plan` says of such a candidate at this traffic: {conversations, seconds}."""
    counted = next(m for m in run["status"]["live"]["metrics"] if m["name"] == metric)
    a_minute = 60 * (counted["candidate"]["trials"] + counted["stable"]["trials"]) / took
    file = os.path.join(stage.options.build, "planned-gate.json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(stage.kube.get("evalgates", stage.namespace, gate), out)
    done = subprocess.run([os.path.join(stage.options.build, "bin", "llmops"), "plan", "-f", file, "-o", "json", "--weight", "50", "--rate",
                           f"{metric}={usual}", "--harm", f"{metric}={harmful}", "--traffic", str(round(a_minute))],
                          capture_output=True, text=True, check=False)
    metrics = json.loads(done.stdout)["gates"][0]["metrics"]
    return next(q for m in metrics if m["name"] == metric for q in m["questions"] if q["question"] == "Harm")


def check_forecast(stage, gate, metric, usual, harmful, played):
    """No later than thrice the median, and what comes in the seconds of a slot, of its requests and of the pulls."""
    _, run, took = played
    forecast = median_forecast(stage, gate, metric, usual, harmful, run, took)
    seen = next(m["candidate"]["trials"] for m in run["status"]["live"]["metrics"] if m["name"] == metric)
    most = 3 * forecast["conversations"] + 15 * seen / took
    stage.check(f"and as soon as planned ({metric} {100 * harmful:.0f} % against {100 * usual:.1f} %)", 0 < seen <= most,
                f"{seen} conversations in {took:.1f} s; planned, in the median: {forecast['conversations']} in {forecast['seconds']} s")


def words(run, took):
    evidence = run.get("status", {}).get("live", {}).get("metrics", [])
    counts = "; ".join(f"{m['name']} {m['candidate']['events']}/{m['candidate']['trials']} against "
                       f"{m['stable']['events']}/{m['stable']['trials']}" for m in evidence)
    return f"{took:.1f} s after the weight, {counts}"


def check(stage, sentence, wanted, played):
    outcome, run, took = played
    verdict = run.get("status", {}).get("phase")
    expected = {"RolledBack": "Failed", "Returned": "Failed", "Promoted": "Successful"}[wanted]
    stage.check(sentence, outcome == wanted and verdict == expected, f"{outcome}, gate {verdict}, {words(run, took)}")
    if outcome != wanted:
        stage.screen.line(f"    {run.get('status', {}).get('message')}")


def refused_by_guardrail(log):
    with open(log, encoding="utf-8") as lines:
        return sum(entry["status"] == 400 and "content_filter" in entry.get("body", "") for entry in map(json.loads, lines))


def faulty(stage):
    """An engine that fails in one way or another, behind a gate for that."""
    gates = {"errors": [{"name": "error-rate"}], "rare-errors": [{"name": "error-rate"}], "refusals": [{"name": "refusal-rate"}],
             "first-token": [{"name": "ttft"}, {"name": "error-rate"}], "blocks": [{"name": "block-rate"}],
             "proof": [{"name": "error-rate", "require": "Proof", "margin": {"absolute": 0.05}}]}
    # Of 5 failed answers in 100 a gate with 200 conversations misses one candidate in eighteen, with 400 none in 200 tried.
    least = {"rare-errors": 400}
    for name, metrics in gates.items():
        stage.create("evalgates", live_gate(name, metrics, conversations=least.get(name, 200)))
    stage.create("guardrails", GUARD)
    spec = deployment_spec(gateways=2, replicas=1, strategy=strategy("errors"))
    release = stage.deploy_and_settle("bot", {**spec, "backend": fault_backend(**GOOD)})
    users = stage.load("bot", **USERS)
    case = Case(stage, release, "errors")

    def release_with(gate, **change):
        case.gate = gate
        return case.play({"strategy": strategy(gate), **change})

    backend = lambda **faults: {"backend": fault_backend(**{**GOOD, **faults})}  # noqa: E731
    played = release_with("rare-errors", **backend(error_share=0.05))
    check(stage, "a candidate that fails 5 of 100 requests is rolled back", "RolledBack", played)
    check_forecast(stage, "rare-errors", "error-rate", 0.001, 0.05, played)
    played = release_with("first-token", **backend(first_token="lognormal 60ms 0.3"))
    check(stage, "a candidate with slow first tokens is rolled back", "RolledBack", played)
    check_forecast(stage, "first-token", "ttft", 0.05, 0.95, played)
    played = release_with("refusals", **backend(refusal_share=0.2))
    check(stage, "a candidate that refuses more is rolled back", "RolledBack", played)
    check_forecast(stage, "refusals", "refusal-rate", 0.001, 0.2, played)
    case.gate = "blocks"
    played = case.play({"strategy": strategy("blocks"), "guardrailRefs": [{"name": "over-blocking"}], **backend()})
    check(stage, "a guardrail that blocks what is harmless is rolled back", "RolledBack", played)
    check_forecast(stage, "blocks", "block-rate", 0.001, 0.5, played)
    release.patch({"guardrailRefs": None})
    release.wait_for("what users have is wanted again", settled, 60)

    stage.create("evalgates", {**(gate := live_gate("tried", [{"name": "error-rate"}])), "spec": {**gate["spec"], "dryRun": True}})
    case.gate = "tried"
    outcome, run, took = case.play({"strategy": {"canary": {**strategy("errors")["canary"], "analysis": None, "steps": [
        {"setWeight": 50}, {"analysis": {"gates": [{"name": "tried"}]}}]}}, **backend(error_share=0.2)})
    told = status(release.object)["history"][0]["gates"][0]
    stage.check("a gate that is tried out calls a candidate harmful, which is promoted all the same",
                outcome == "Promoted" and run["status"]["phase"] == told["verdict"] == "Failed" and told.get("dryRun"),
                f"{outcome}, gate {told['verdict']}, dryRun {told.get('dryRun')}, {words(run, took)}")
    played = release_with("errors", **backend(tokens=13))
    check(stage, "a good candidate is promoted when no harm shows", "Promoted", played)
    played = release_with("proof", **backend(tokens=14))
    check(stage, "a good candidate is promoted with a proof", "Promoted", played)

    case.gate = "errors"
    played = case.play({"strategy": strategy("errors", bake={"duration": "5m", "holdbackWeight": 20}),
                        **backend(error_share=0.3, faults_after="60s", tokens=16)})
    check(stage, "an engine that breaks after its promotion is left for the stable that was kept beside it", "Returned", played)
    promoted = [entry["outcome"] for entry in status(release.object)["history"][:2]]
    stage.check("and it had been promoted", promoted == ["Returned", "Promoted"], f"the latest first: {', '.join(promoted)}")
    played = case.play({"strategy": strategy("errors", bake={"duration": "5m", "holdbackWeight": 0}),
                        **backend(error_share=0.3, faults_after="60s", tokens=17)})
    check(stage, "and so is one with nobody beside it, by what stable showed before", "Returned", played)

    def counted():
        runs = [r for r in release.eval_runs() if r["spec"]["gate"] == case.gate and r.get("status", {}).get("phase") == "Running"]
        return any(m["candidate"]["trials"] for r in runs for m in r["status"].get("live", {}).get("metrics", []))

    def kill():
        stage.wait("the gate has counted", counted, 60)  # in the middle of the counts, not before them
        stage.kill_operator()
        gateway = release.pods("gateway")[0]
        stage.kube.delete("pods", stage.namespace, gateway["metadata"]["name"])

    # Its first counts are written after ten seconds, and would decide if it failed by then: the kills would come too late.
    case.gate = "rare-errors"
    played = case.play({"strategy": strategy("rare-errors"), **backend(error_share=0.3, faults_after="25s", tokens=15)}, meanwhile=kill)
    check(stage, "with operator and gateway killed in the middle, the faulty one is rolled back all the same", "RolledBack", played)
    case.gate = "errors"
    played = case.play({"strategy": strategy("errors"), **backend(tokens=15)}, meanwhile=kill)
    check(stage, "and the good one promoted", "Promoted", played)
    summary = users.stop()
    made, blocked = case.faults.failures(), refused_by_guardrail(users.log_path)
    stage.check("users lost no request but those that the engine failed on purpose, and what the guardrail blocked",
                summary["failed"] - blocked <= made,
                f"{summary['requests']} requests, {summary['failed']} failed, {blocked} of them blocked, the engines failed {made} "
                f"({', '.join(f'{kind} {case.faults.totals()[kind]}' for kind in FAILURES)})")


def same_against_itself(stage):
    """The real engine, the same pods, another wording of nothing: every failure is a false alarm."""
    stage.create("evalgates", live_gate("usual", [{"name": "error-rate"}, {"name": "refusal-rate"}, {"name": "ttft"}, {"name": "latency"}],
                                        observe_for="10s", conversations=40))
    release = stage.deploy_and_settle("same", deployment_spec(gateways=2, replicas=1, strategy=strategy("usual"), text=PROMPTS["v2"]))
    users = stage.load("same", kind="same", rate=20, conversations=8, arguments=("--min-turns", "1", "--max-turns", "2"))
    case = Case(stage, release, "usual")
    stage.wait("stable's quantiles can be known", lambda: users.read()["requests"] > 200, 60)
    outcomes, runs = [], []
    for number in range(SAME_AGAINST_ITSELF):
        outcome, run, took = case.play({"prompt": prompt(f"{PROMPTS['v2']}{' ' * (1 + number)}")})
        outcomes.append(outcome)
        runs.append(words(run, took))
        stage.screen.line(f"  {number + 1}: {outcome}, {runs[-1]}")
    false_alarms = outcomes.count("RolledBack")
    stage.check("the same content against itself is hardly ever rolled back", false_alarms <= max(1, 3 * len(outcomes) // 20)
                and false_alarms + outcomes.count("Promoted") == len(outcomes),
                f"{false_alarms} of {len(outcomes)} rolled back, {outcomes.count('Promoted')} promoted")
    summary = users.stop()
    stage.check("and no request failed", summary["failed"] == 0, f"{summary['requests']} requests, {failures_by_kind(summary)}")


def run(stage):
    faulty(stage)
    same_against_itself(stage)
    obj = stage.kube.get("modeldeployments", stage.namespace, "bot")
    stage.check("users are served in the end", condition(obj, "Available").get("status") == "True")

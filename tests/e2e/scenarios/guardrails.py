"""Guardrails as releases: first and alone, kept when another part is rolled back, rolled back when they block too much."""
from ask import forced, stream
from release import latest_history, settled, status
from stage import deployment_spec, failures_by_kind, golden_gate

NUMBER = "960101-1234561"
SLIP = f"It is {NUMBER}, is that right?"
LATE_GATE = [{"setCanaryScale": {"replicas": 1}}, {"setWeight": 10}, {"pause": {"duration": "6s"}},
             {"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 50}]
EARLY_GATE = [{"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 50}, {"pause": {"duration": "3s"}}]


def rule(name, kind, action="Mask", **settings):
    return {"name": name, "type": kind, "action": action, "stages": ["output"], **settings}


def guardrail(stage, name, *rules):
    body = {"apiVersion": "llmops.dev/v1alpha1", "kind": "Guardrail", "metadata": {"name": name}, "spec": {"rules": list(rules)}}
    return stage.create("guardrails", body)


def slip(stage, name):
    """What a client reads, and all bytes that it got, when the engine says a resident registration number."""
    pieces, raw = stream(*stage.address(name), name, "What is the number on my card?", **forced(SLIP))
    return "".join(pieces), raw



def settled_after(release, outcomes, seconds):
    """Waits until as many more releases have ended; returns their history entries, oldest first."""
    before = len(status(release.object).get("history", []))

    def reached(obj):
        return len(status(obj).get("history", [])) >= before + outcomes and "run" not in status(obj)

    obj = release.wait_for(f"{outcomes} releases to end", reached, seconds)
    return list(reversed(status(obj)["history"][:outcomes]))


def run(stage):
    stage.golden_set()
    stage.create("evalgates", golden_gate())
    guardrail(stage, "data", rule("cards", "pii", pii={"entities": ["card"]}))
    release = stage.deploy_and_settle("bot", deployment_spec(replicas=1, gateways=2, steps=LATE_GATE, guardrailRefs=[{"name": "data"}]))
    users = stage.load("bot")
    text, _ = slip(stage, "bot")
    stage.check("a guardrail for cards lets a registration number pass", NUMBER in text, text)

    # Tightened in the middle of a model canary that is going to fail.
    release.patch({"backend": {"pods": {"model": {"uri": "image:///models/degraded.gguf"}}}})
    release.wait_for("the model canary at weight 10", lambda obj: status(obj).get("step") == "2/5", 60)
    candidate_pods = release.engine_pod_uids()
    history = len(status(release.object).get("history", []))
    stage.kube.patch("guardrails", stage.namespace, "data",
                     {"spec": {"rules": [rule("numbers", "pii", pii={"entities": ["card", "rrn"]})]}})

    def both_ended(obj):
        entries = status(obj).get("history", [])[: len(status(obj).get("history", [])) - history]
        judged = [entry for entry in entries if entry["outcome"] in ("Promoted", "RolledBack")]
        return len(judged) >= 2 and "run" not in status(obj)

    obj = release.wait_for("the guardrail promoted, then the model rolled back", both_ended, 180)
    entries = list(reversed(status(obj)["history"][: len(status(obj)["history"]) - history]))
    judged = [(entry["outcome"], entry.get("changed")) for entry in entries if entry["outcome"] in ("Promoted", "RolledBack")]
    stage.check("the guardrail goes first and alone, then the model is judged",
                judged == [("Promoted", ["Guardrail"]), ("RolledBack", ["Model"])], judged)
    stage.check("the model canary comes back on its warm pods", release.engine_pod_uids() <= candidate_pods,
                f"{len(release.engine_pod_uids() - candidate_pods)} new pods")
    text, raw = slip(stage, "bot")
    stage.check("the tightened guardrail stays after the model's rollback", text == SLIP.replace(NUMBER, "[RRN]"), text)
    stage.check("no part of the number reaches the client", NUMBER[:6].encode() not in raw and NUMBER[7:].encode() not in raw)

    # One that blocks what it must not, judged by the golden set before any user meets it.
    release.patch({"backend": {"pods": {"model": {"uri": "image:///models/good.gguf"}}},
                   "strategy": {"canary": {"steps": EARLY_GATE}}})
    release.wait_for("the good model asked for again", settled, 60)
    guardrail(stage, "strict", rule("words", "words", action="Block", words={"words": ["refund", "환불", "delivery", "배송"]}))
    release.patch({"guardrailRefs": [{"name": "data"}, {"name": "strict"}]})
    ended, = settled_after(release, 1, 90)
    stage.check("a guardrail that blocks too much is rolled back by its gate",
                ended["outcome"] == "RolledBack" and ended.get("changed") == ["Guardrail"], ended.get("message"))
    text, _ = slip(stage, "bot")
    stage.check("the guardrail before it serves", "[RRN]" in text, text)

    # Immediate: no steps, no gate.
    last_run = status(release.object).get("lastRun")
    guardrail(stage, "phones", rule("phones", "pii", pii={"entities": ["phone"]}))
    release.patch({"guardrailRefs": [{"name": "data", "update": "Immediate"}, {"name": "phones", "update": "Immediate"}]})
    took = stage.wait("the phone rule in force", lambda: "010-1234-5678" not in "".join(
        stream(*stage.address("bot"), "bot", "Your phone?", **forced("Call 010-1234-5678 now."))[0]), 30)
    obj = release.wait_for("Healthy", settled, 60)
    stage.check("an Immediate guardrail is in force without a release", status(obj).get("lastRun") == last_run,
                f"after {took:.1f} s, history says {latest_history(obj).get('outcome')}")
    summary = users.stop()
    stage.check("no request failed", summary["failed"] == 0 and summary["requests"] > 0,
                f"{summary['requests']} requests, {failures_by_kind(summary)}")

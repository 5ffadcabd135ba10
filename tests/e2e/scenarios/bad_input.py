"""Mistakes of users: each is named with object, field and remedy, while stable goes on serving; nothing is retried hot."""
import contextlib
import http.client
import json
import time

from ask import ask
from kube import ApiError, condition
from release import available, settled, status
from stage import AuditLog, PROMPTS, deployment_spec, events_of, golden_gate, prompt

STEPS = [{"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 50}]


def blocked_text(obj):
    """All that a person may read about the blockage."""
    texts = [status(obj).get("message", "")] + [c["message"] for c in status(obj).get("conditions", [])]
    return "\n".join(texts)


def expect_blocked(stage, release, title, spec, words, condition_type):
    """The change is refused in words, users are served all the same, and undoing it heals."""
    old = stage.kube.get("modeldeployments", stage.namespace, release.name)["spec"]
    generation = release.patch(spec)
    obj = release.wait_for(title, lambda o: status(o).get("observedGeneration", 0) >= generation
                           and condition(o, condition_type).get("status") == "False", 60)
    text = condition(obj, condition_type).get("message", "") + "\n" + status(obj).get("message", "")
    missing = [word for word in words if word not in text]
    stage.check(f"{title}: condition and message name {', '.join(words)}", not missing,
                f"{condition_type}=False ({condition(obj, condition_type).get('reason')}): {condition(obj, condition_type).get('message')}"
                + (f"; lacks {missing}" if missing else ""))
    found = lambda: next((event for event in events_of(stage, release.name) if all(w in event[1] for w in words)), None)
    with contextlib.suppress(TimeoutError):  # then the check says what is there
        stage.wait("the event", found, 15)
    stage.check(f"{title}: an event says the same", found(), found() or events_of(stage, release.name)[-3:])
    answer, _ = ask(*stage.address("bot"), "bot", "What is your phone number?")
    stage.check(f"{title}: stable goes on serving", available(obj) and "1588" in answer, answer)
    audit = AuditLog()
    began = time.monotonic()
    stage.wait("10 s of looking for hot retries", lambda: time.monotonic() - began > 10, 12)
    writes, _ = audit.writes()
    stage.check(f"{title}: nothing is retried hot", len(writes) <= 2, f"{len(writes)} writes in 10 s")
    stage.kube.request("PUT", f"/apis/llmops.dev/v1alpha1/namespaces/{stage.namespace}/modeldeployments/{release.name}",
                       {**stage.kube.get("modeldeployments", stage.namespace, release.name), "spec": old})
    release.wait_for(f"{title}: undone", settled, 60)


def expect_refused(stage, title, spec, words):
    """The API server refuses it and names the field."""
    try:
        stage.create("modeldeployments", {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment",
                                          "metadata": {"name": "refused"}, "spec": spec})
        stage.kube.delete("modeldeployments", stage.namespace, "refused")
        stage.check(f"{title} is refused by the API server", False, "it was accepted")
    except ApiError as error:
        stage.check(f"{title} is refused by the API server, which names {', '.join(words)}",
                    error.status == 422 and all(w in str(error) for w in words), str(error)[-220:])


def broken_golden_set(stage):
    stage.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "broken-golden"}, "data": {
        "dataset.jsonl": '{"id": "a", "input": "x", "reference": "y"}\n{"id": "b", "input": \n{"id": "c", "reference": "z"}\n'}})
    stage.create("evalgates", golden_gate("broken", "broken-golden"))

    def said():
        gate = stage.kube.get("evalgates", stage.namespace, "broken")
        return gate if condition(gate, "Ready").get("status") == "False" else None

    stage.wait("the gate is judged", said, 30)
    message = condition(stage.last_value, "Ready").get("message", "") + " " + status(stage.last_value).get("message", "")
    stage.check("a golden set with broken lines: the gate names ConfigMap and line", "broken-golden" in message and "line 2" in message, message)


def gateway_errors(stage):
    """What a client does wrong is answered in OpenAI's shape, and the gateway goes on."""
    address = stage.address("bot")

    def post(path, body, **headers):
        connection = http.client.HTTPConnection(*address, timeout=10)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    user = [{"role": "user", "content": "hi"}]
    cases = [
        ("malformed JSON", 400, "/v1/chat/completions", b'{"model": "bot", "messages": ['),
        ("no messages", 400, "/v1/chat/completions", json.dumps({"model": "bot"})),
        ("a role that does not exist", 400, "/v1/chat/completions", json.dumps({"model": "bot", "messages": [{"role": "boss", "content": "x"}]})),
        ("another model", 404, "/v1/chat/completions", json.dumps({"model": "gpt-0", "messages": user})),
        ("an unknown path", 404, "/v1/nothing", b"{}"),
        ("a body of 40 MB", 413, "/v1/chat/completions", b" " * (40 << 20)),
    ]
    for title, wanted, path, body in cases:
        try:
            code, raw = post(path, body)
        except OSError as error:
            # A server may close while a client still sends a body that it has refused.
            stage.check(f"gateway: {title} is answered {wanted}", wanted == 413, f"closed: {error}")
            continue
        try:
            message = json.loads(raw)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            message = None
        stage.check(f"gateway: {title} is answered {wanted} in OpenAI's shape", code == wanted and message, f"{code} {message or raw[:120]}")
    answer, _ = ask(*address, "bot", "What is your phone number?")
    stage.check("the gateway goes on after bad requests", "1588" in answer, answer)


def run(stage):
    with stage.without_admission():  # which would refuse before there is a condition to read
        play(stage)


def play(stage):
    stage.golden_set()
    stage.create("evalgates", golden_gate())
    release = stage.deploy_and_settle("bot", deployment_spec(steps=STEPS, text=PROMPTS["v2"]))

    expect_refused(stage, "an unknown engine", {**deployment_spec(), "backend": {"pods": {
        "model": {"uri": "image:///m"}, "engine": {"type": "warp", "image": "x"}}}}, ["spec.backend.pods.engine.type", "warp"])
    expect_refused(stage, "a step with two verbs", deployment_spec(steps=[{"setWeight": 5, "pause": {"duration": "1s"}}]),
                   ["spec.strategy.canary.steps[0]"])
    expect_refused(stage, "a weight of 150", deployment_spec(steps=[{"setWeight": 150}]), ["spec.strategy.canary.steps[0].setWeight"])

    expect_blocked(stage, release, "a PromptVersion that is not there", {"prompt": None, "promptRef": {"name": "support-v99"}},
                   ["support-v99", "promptRef"], "ReferencesResolved")
    expect_blocked(stage, release, "an EvalGate that is not there",
                   {"prompt": prompt("Hello."), "strategy": {"canary": {"steps": [{"analysis": {"gates": [{"name": "gate-99"}]}}]}}},
                   ["gate-99"], "ReferencesResolved")
    broken_golden_set(stage)
    expect_blocked(stage, release, "a gate whose golden set is broken",
                   {"prompt": prompt("Hello."), "strategy": {"canary": {"steps": [{"analysis": {"gates": [{"name": "broken"}]}}]}}},
                   ["broken-golden", "line 2"], "ReferencesResolved")
    expect_blocked(stage, release, "a prompt with a broken template", {"prompt": prompt("Hello {{ first name }}.")},
                   ["byte 15", "\"name\"", "messages[0].content"], "PromptCompatible")
    variable_without_value(stage, release)
    stage.create("services", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "taken"},
                              "spec": {"ports": [{"port": 81}], "clusterIP": "None"}})
    uid = stage.kube.get("services", stage.namespace, "taken")["metadata"]["uid"]
    expect_blocked(stage, release, "a Service name that is taken", {"gateway": {"serviceName": "taken"}}, ["taken"], "ReferencesResolved")
    service = stage.kube.get("services", stage.namespace, "taken")
    stage.check("the foreign Service is left alone", service["metadata"]["uid"] == uid and service["spec"]["ports"][0]["port"] == 81
                and not service["metadata"].get("ownerReferences"))
    gateway_errors(stage)


def variable_without_value(stage, release):
    """The candidate needs a value that no client sends: it never gets weight, and clients' requests do not fail."""
    generation = release.patch({"prompt": {**prompt("Answer for {{ shop }}."), "variables": {"shop": {"description": "the shop"}}}})
    obj = release.wait_for("PromptCompatible=False", lambda o: status(o).get("observedGeneration", 0) >= generation
                           and condition(o, "PromptCompatible").get("status") == "False", 60)
    message = condition(obj, "PromptCompatible").get("message", "")
    stage.check("a prompt variable without value: PromptCompatible=False names the variable", "shop" in message, message)
    weights = [arm["weight"] for arm in status(obj).get("arms", []) if arm["name"] == "candidate"]
    stage.check("a prompt variable without value: the candidate has no weight", not any(weights), weights)
    answer, _ = ask(*stage.address("bot"), "bot", "What is your phone number?")
    stage.check("a prompt variable without value: stable goes on serving", "1588" in answer, answer)
    release.patch({"prompt": {**prompt(PROMPTS["v2"]), "variables": None}})
    release.wait_for("undone", settled, 60)

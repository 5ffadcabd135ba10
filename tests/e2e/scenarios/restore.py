"""What was lost comes back without a release: a status that was emptied in place, and a namespace from a backup of its objects."""
import json
import time

from ask import ask
from install import delete_namespace, ensure_namespace
from kube import kubectl, resource_path
from release import latest_history, settled, status
from stage import PROMPTS, deployment_spec, events_of, golden_gate, prompt

STEPS = [{"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 50}]
# The records come first, as in any backup that restores what others refer to before who refers.
BACKUP = ("controllerrevisions", "configmaps", "serviceaccounts", "roles", "rolebindings", "services", "networkpolicies",
          "poddisruptionbudgets", "deployments", "promptversions", "guardrails", "evalgates", "evalruns", "modeldeployments")


def at_rest_again(obj):
    """Also where Git asks for what was rejected."""
    now = status(obj)
    return now.get("phase") in ("Healthy", "RolledBack") and now.get("stable") and not {"run", "candidate"} & set(now) and \
        now.get("trafficVerified", {}).get("epoch") == now.get("epoch")


def emptied(stage, releases):
    before = [stage.fingerprint(release) for release in releases]
    for release in releases:
        path = resource_path("modeldeployments", stage.namespace, release.name, "status")
        live = stage.kube.get("modeldeployments", stage.namespace, release.name)
        stage.kube.request("PUT", path, {**live, "status": {}})
    for release in releases:
        release.wait_for(f"{release.name} knows its status again", at_rest_again, 90)
    began = time.monotonic()
    stage.wait("10 s afterwards", lambda: time.monotonic() - began > 10, 20)
    after = [stage.fingerprint(release) for release in releases]
    started = sum((a["lastRun"] or 0) - (b["lastRun"] or 0) for a, b in zip(after, before)) + sum(1 for a in after if a["run"])
    stage.check("emptied statuses start no release", started == 0, f"{len(releases)} emptied, {started} releases started")
    same = [a["enginePods"] == b["enginePods"] for a, b in zip(after, before)]
    stage.check("emptied statuses restart no engine pod", all(same), f"{sum(len(a['enginePods']) for a in after)} engine pods")
    stage.check("each stable is what it was", all(a["stable"]["hash"] == b["stable"]["hash"] for a, b in zip(after, before)))


def backup(stage):
    """The objects as `kubectl get -o yaml` has them, without what a server gives: uid, resourceVersion, status, addresses."""
    items = []
    for plural in BACKUP:
        for item in json.loads(kubectl("get", plural, "-n", stage.namespace, "-o", "json"))["items"]:
            if plural == "configmaps" and item["metadata"]["name"] == "kube-root-ca.crt":
                continue
            if plural == "serviceaccounts" and item["metadata"]["name"] == "default":
                continue
            for field in ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
                item["metadata"].pop(field, None)
            item.pop("status", None)
            if plural == "services" and item["spec"].get("clusterIP") != "None":
                for field in ("clusterIP", "clusterIPs"):
                    item["spec"].pop(field, None)
            items.append(item)
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), len(items)


def run(stage):
    stage.golden_set()
    stage.create("evalgates", golden_gate())
    bots = [stage.deploy(f"bot-{i}", deployment_spec(text=PROMPTS["v2"])) for i in (1, 2)]
    for bot in bots:
        bot.wait_for(f"{bot.name} Healthy", settled, 180)
    release = stage.deploy_and_settle("bot", deployment_spec(steps=STEPS, text=PROMPTS["v2"]))
    # Promoted a second time, then a change that its gate rejects and Git still asks for.
    release.patch({"prompt": prompt(PROMPTS["v2"] + " Never guess.")})
    promoted = release.wait_for("the second revision", lambda obj: settled(obj) and status(obj)["stable"]["revision"] == 2
                                and "bakeUntil" not in status(obj), 120)
    release.patch({"prompt": prompt("Answer every question with one word.")})
    release.wait_for("rejected", lambda obj: status(obj).get("phase") == "RolledBack" and "run" not in status(obj), 120)
    emptied(stage, [*bots, release])
    obj = stage.kube.get("modeldeployments", stage.namespace, "bot")
    stage.check("an emptied status still refuses what was rejected", status(obj)["stable"]["hash"] == status(promoted)["stable"]["hash"]
                and "candidate" not in status(obj), f"{status(obj).get('phase')}: {status(obj).get('message')}")

    text, count = backup(stage)
    runs = {one["metadata"]["name"] for one in stage.kube.list("evalruns", stage.namespace)}
    delete_namespace(stage.kube, stage.namespace)
    ensure_namespace(stage.namespace)
    kubectl("apply", "-f", "-", "-n", stage.namespace, stdin=text)
    serves = lambda: status(stage.kube.get("modeldeployments", stage.namespace, "bot")).get("readyReplicas") == 1 and \
        not status(stage.kube.get("modeldeployments", stage.namespace, "bot")).get("waitingFor")
    took = stage.wait("the restored deployment serves", serves, 180)
    obj = stage.kube.get("modeldeployments", stage.namespace, "bot")
    stage.check("after a restore stable is what was promoted last, not what Git asks for",
                status(obj)["stable"]["hash"] == status(promoted)["stable"]["hash"] and "candidate" not in status(obj),
                f"{count} objects restored, serving after {took:.0f} s: {status(obj).get('phase')}: {status(obj).get('message')}")
    answer = None
    for _ in range(20):
        try:
            answer, _ = ask(*stage.address("bot"), "bot", "What is your phone number?")
            break
        except OSError:
            time.sleep(0.5)
    stage.check("users are served after a restore", answer and "1588" in answer, answer)
    new_runs = {one["metadata"]["name"] for one in stage.kube.list("evalruns", stage.namespace)} - runs
    stage.check("a restore starts no release and no first deploy", not new_runs and not latest_history(obj).get("outcome"),
                f"new evaluations: {sorted(new_runs) or 'none'}; last run {status(obj).get('lastRun')}")
    told = {name: [event for event in events_of(stage, name) if event[0] == "NameConflict"] for name in ("bot", "bot-1", "bot-2")}
    stage.check("a restore meets no NameConflict", not any(told.values()), {k: v for k, v in told.items() if v} or "no such event")

"""People steer releases under load: forward, back, to any kept revision; how long "back" takes is measured."""
import json
import os
import statistics
import subprocess
import time

from kube import kubectl
from paths import environment
from release import latest_history, settled, status
from stage import PROMPTS, deployment_spec, failures_by_kind, prompt

ROLLBACKS = int(os.environ.get("LLMOPS_ROLLBACKS", "5"))
STEPS = [{"setWeight": 50}, {"pause": {}}]


def arm(obj, name):
    return next((a for a in status(obj).get("arms", []) if a["name"] == name), {})


def waits_for_a_person(obj):
    return (status(obj).get("waitingFor", {}).get("kind") == "Person" and arm(obj, "candidate").get("weight") == 50
            and status(obj).get("observedGeneration") == obj["metadata"]["generation"])


def back_on_stable(obj):
    """Stable has everything, and every gateway says so."""
    now = status(obj)
    return (arm(obj, "stable").get("weight") == 100 and now.get("trafficVerified", {}).get("epoch") == now.get("epoch"))


class Steering:
    def __init__(self, stage, release):
        self.stage, self.release = stage, release
        self.program = os.path.join(stage.options.build, "bin", "llmops")

    def say(self, *words):
        """(exit status, answer) of `llmops VERB bot …`."""
        done = subprocess.run([self.program, words[0], self.release.name, *words[1:], "-n", self.stage.namespace, "--by", "e2e", "-o", "json"],
                              env=environment(), capture_output=True, text=True, timeout=60)
        return done.returncode, json.loads(done.stdout)["result"] if done.stdout else done.stderr.strip()

    def to_the_pause(self, text):
        self.release.patch({"prompt": prompt(text)})
        return self.release.wait_for("a candidate that waits for a person", waits_for_a_person, 60)


def run(stage):
    release = stage.deploy_and_settle("bot", deployment_spec(gateways=2, steps=STEPS, text=PROMPTS["v1"]))
    users = stage.load("bot")
    steering = Steering(stage, release)

    took, codes = [], []
    for i in range(ROLLBACKS):
        steering.to_the_pause(f"{PROMPTS['v1']} Round {i}.")
        began = time.monotonic()
        code, answer = steering.say("rollback")
        codes.append(code)
        release.wait_for("stable has all traffic", back_on_stable, 30)
        took.append(time.monotonic() - began)
        release.wait_for("the release is refused", lambda obj: status(obj).get("phase") == "RolledBack", 60)
    took.sort()
    stage.check(f"rollback gives all traffic back to stable, {ROLLBACKS} times from 50 %", not any(codes) and max(took) < 10,
                f"from the command to traffic verified on 2 gateways: median {statistics.median(took):.2f} s, longest {took[-1]:.2f} s; {answer}")

    code, answer = steering.say("retry")
    obj = release.wait_for("the refused content again", waits_for_a_person, 60)
    stage.check("retry tries the refused content again", code == 0, answer)
    code, answer = steering.say("promote")
    obj = release.wait_for("promoted", lambda obj: settled(obj) and latest_history(obj).get("outcome") == "Promoted", 60)
    stage.check("promote ends the step that waits for a person", code == 0 and status(obj)["stable"]["revision"] > 1, answer)
    latest = status(obj)["stable"]["revision"]

    code, answer = steering.say("rollback", "--to", "1")
    obj = release.wait_for("revision 1 serves again", lambda obj: status(obj).get("stable", {}).get("revision") == 1
                           and "run" not in status(obj) and "bakeUntil" not in status(obj), 60)
    stage.check("rollback --to 1 goes back without steps", code == 0 and status(obj)["phase"] == "RolledBack", answer)
    began = time.monotonic()
    stage.wait("10 s in which it holds", lambda: time.monotonic() - began > 10, 12)
    now = status(stage.kube.get("modeldeployments", stage.namespace, "bot"))
    stage.check("it holds against the spec", now["stable"]["revision"] == 1, now["message"])
    code, answer = steering.say("retry")
    release.wait_for("the spec decides again", waits_for_a_person, 60)
    code, answer = steering.say("promote", "--full")
    obj = release.wait_for("the spec's revision", lambda obj: settled(obj) and status(obj)["stable"]["revision"] == latest, 60)
    stage.check("retry gives the decision back to the spec", code == 0, answer)

    with stage.without_admission():
        kubectl("annotate", "mdep", "bot", "-n", stage.namespace, "--overwrite",
                "llmops.dev/command=promote revision=99 step=1 id=stale by=e2e")
    stage.wait("the stale command is looked at", lambda: status(stage.kube.get("modeldeployments", stage.namespace, "bot"))
               .get("lastCommand", {}).get("id") == "stale", 20)
    last = status(stage.kube.get("modeldeployments", stage.namespace, "bot"))["lastCommand"]
    stage.check("a stale click is refused with the reason", not last["accepted"] and "no longer current" in last["result"], last["result"])
    code, answer = steering.say("abort")
    stage.check("abort without a release is refused", code == 1, answer)

    release.patch({"paused": True, "prompt": prompt(PROMPTS["v2"])})
    obj = release.wait_for("a paused spec", lambda obj: status(obj).get("phase") == "Paused" and "run" not in status(obj), 30)
    stage.check("spec.paused starts nothing", "spec.paused" in status(obj)["message"], status(obj)["message"])
    release.patch({"paused": False})
    release.wait_for("the release starts", waits_for_a_person, 60)
    steering.say("abort")
    aborted = latest_history(release.wait_for("aborted", lambda obj: status(obj).get("phase") == "RolledBack", 60))
    release.patch({"attempt": 2})
    release.wait_for("another attempt", waits_for_a_person, 60)
    steering.say("promote")
    obj = release.wait_for("promoted", settled, 60)
    ends = [(entry["revision"], entry["outcome"]) for entry in (aborted, latest_history(obj))]
    stage.check("spec.attempt tries an aborted release again",
                ends == [(aborted["revision"], "RolledBack"), (aborted["revision"], "Promoted")]
                and status(obj)["stable"]["revision"] == aborted["revision"], ends)
    summary = users.stop()
    stage.check("no request failed while people steered", summary["failed"] == 0 and summary["requests"] > 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")

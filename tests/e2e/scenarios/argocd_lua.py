"""The chart's scripts for Argo CD on objects of a real cluster, in the form and layout of Argo CD's own tests."""
import concurrent.futures
import os
import re
import tempfile
import time

import yaml
from argocd_engine import SCRIPTS, Engine, without_time
from argocd_setup import build

DEPLOYMENT = os.path.join(SCRIPTS, "ModelDeployment")
VERBS = ("abort", "pause", "promote", "promote-full", "resume", "retry", "rollback")


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


class Files:
    """Variants of a real object, for one run."""

    def __init__(self, folder):
        self._folder = folder

    def variant(self, name, change=lambda obj: None):
        obj = load(os.path.join(DEPLOYMENT, "testdata", name))
        change(obj)
        with tempfile.NamedTemporaryFile("w", suffix=name, dir=self._folder, delete=False, encoding="utf-8") as out:
            yaml.safe_dump(obj, out)
        return out.name


def health_tests(engine):
    """(sentence, function → (good, figures)) of every health_test.yaml."""
    for kind in sorted(os.listdir(SCRIPTS)):
        folder = os.path.join(SCRIPTS, kind)
        for test in load(os.path.join(folder, "health_test.yaml"))["tests"]:
            def look(path=os.path.join(folder, test["inputPath"]), wanted=test["healthStatus"]):
                found = engine.health(path)
                return found == wanted, found
            yield f"health of {kind} {os.path.basename(test['inputPath'])} is {test['healthStatus']['status']}", look


def action_tests(engine):
    folder = os.path.join(DEPLOYMENT, "actions")
    tests = load(os.path.join(folder, "action_test.yaml"))
    for test in tests["discoveryTests"]:
        def offer(path=os.path.join(folder, test["inputPath"]), wanted={entry["name"]: entry["disabled"] for entry in test["result"]}):
            found = engine.actions(path)
            return found == wanted, "offered: " + (", ".join(name for name, disabled in found.items() if not disabled) or "none")
        yield f"what {os.path.basename(test['inputPath'])} offers", offer
    for test in tests["actionTests"]:
        def act(test=test):
            wanted = load(os.path.join(folder, test["expectedOutputPath"]))["metadata"]["annotations"]["llmops.dev/command"]
            found = without_time(engine.command(os.path.join(folder, test["inputPath"]), test["action"], **test.get("parameters", {})))
            return found == wanted, found
        yield f"{test['action']} of {os.path.basename(test['inputPath'])} writes its command and nothing else", act


def clicked(obj, command, done):
    """As after that click, carried out or not yet."""
    obj["metadata"].setdefault("annotations", {})["llmops.dev/command"] = command
    if done:
        obj["status"]["lastCommand"] = {"id": re.search(r" id=(\S+)", command).group(1), "verb": command.split()[0], "accepted": True, "result": ""}
        obj["status"]["run"]["currentStepIndex"] += 2


def click_tests(engine, files):
    paused = "paused-at-step.yaml"

    def again_before():
        first = engine.command(files.variant(paused), "promote")
        second = engine.command(files.variant(paused, lambda obj: clicked(obj, first, False)), "promote")
        return first and second == "", first

    def again_after():
        first = engine.command(files.variant(paused), "promote")
        second = engine.command(files.variant(paused, lambda obj: clicked(obj, first, True)), "promote")
        return first and second == "", first

    def later():
        old = f"promote revision=4 step=0 id={int(time.time()) - 4}-promote by=argocd"
        second = engine.command(files.variant(paused, lambda obj: clicked(obj, old, True)), "promote")
        return " step=4 " in second, second

    def another():
        now = int(time.time())
        done = f"promote revision=4 step=0 id={now}-promote by=argocd"
        text = engine.command(files.variant(paused, lambda obj: clicked(obj, done, True)), "abort")
        return re.search(r"^abort revision=\d+ id=\d+-abort by=argocd$", text), text

    def not_a_number():
        try:
            text = engine.command(files.variant("healthy.yaml"), "rollback", to="the good one")
        except RuntimeError as problem:
            return "allowed the number of a revision" in str(problem), problem
        return False, text

    def without_status():
        found = {verb: without_time(engine.command(files.variant("healthy.yaml", lambda obj: obj.pop("status")), verb)) for verb in VERBS}
        return found == {verb: f"{verb} id=0-{verb} by=argocd" for verb in VERBS}, found["promote"]

    def nothing_offered():
        found = engine.actions(files.variant("healthy.yaml", lambda obj: obj.pop("status")))
        return set(found) == set(VERBS) and all(found.values()), found

    def unknown_phase():
        path = files.variant("healthy.yaml", lambda obj: obj["status"].update(phase="Resting"))
        found = engine.health(path)["status"]
        return found == "Progressing", found

    def older_status():
        path = files.variant("healthy.yaml", lambda obj: obj["metadata"].update(generation=obj["metadata"]["generation"] + 1))
        found = engine.health(path)["status"]
        return found == "Progressing", found

    yield "a second click before the operator looked changes nothing", again_before
    yield "a second click right after the operator acted changes nothing", again_after
    yield "a click four seconds later is another one, pinned to what is shown by then", later
    yield "another action right after is no second click, and is meant for the release at any step", another
    yield "rollback names what it cannot read as a revision", not_a_number
    yield "every action works on an object without status", without_status
    yield "an object without status offers nothing", nothing_offered
    yield "a phase that is not known is not Healthy", unknown_phase
    yield "a status of an older spec is not Healthy", older_status


def outcome(test):
    try:
        return test[1]()
    except (RuntimeError, KeyError, OSError) as problem:
        return False, f"{type(problem).__name__}: {problem}"


def run(stage):
    build()
    with tempfile.TemporaryDirectory() as folder:
        engine, files = Engine(folder), Files(folder)
        probe = os.path.join(folder, "probe.yaml")
        with open(probe, "w", encoding="utf-8") as out:
            out.write("apiVersion: llmops.dev/v1alpha1\nkind: Probe\nmetadata: {name: probe}\n")
        found = engine.health(probe)
        stage.check("the engine gives scripts no more than production does", found["status"] == "Healthy", found["message"])
        tests = [*health_tests(engine), *action_tests(engine)]
        # Each waits for a start of Argo CD's program more than it computes.
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(outcome, tests))
        # Two clicks within three seconds are one: nothing else may keep the second waiting.
        clicks = list(click_tests(engine, files))
        results += map(outcome, clicks)
        tests += clicks
        for (sentence, _), (good, figures) in zip(tests, results, strict=True):
            stage.check(sentence, good, figures)

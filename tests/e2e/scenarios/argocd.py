"""The product under a real Argo CD: promotion, rollback, fix, pause, actions and pruning by commits and clicks, under load."""
import collections
import json
import os
import re
import subprocess
import time

from argocd_setup import App, ArgoCd, Repository
from images import with_image_names
from kube import ApiError, condition, kubectl
from paths import BUILD, GOLDEN, ROOT, STATE, environment
from release import Release, latest_history, settled, status
from stage import PROMPTS, failures_by_kind
from transcript import Transcript

NAME = "support-bot"
EXAMPLE = os.path.join(ROOT, "docs", "examples", "argocd")
TRANSCRIPT = os.path.join(BUILD, "e2e-argocd.txt")
OBJECTS = os.path.join(BUILD, "e2e-argocd-objects")
DEPLOYMENT = "support-bot/support-bot.yaml"
HOLD_SECONDS = 12  # two resyncs of Argo CD, and six tries that self-healing could make


def example_files():
    """The files of docs/examples/argocd as this cluster can run them, and the golden set as a manifest."""
    files = {}
    for folder, _, names in os.walk(os.path.join(EXAMPLE, "support-bot")):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                files[os.path.relpath(path, EXAMPLE)] = with_image_names(file.read())
    golden = kubectl("create", "configmap", "support-golden", f"--from-file=dataset.jsonl={GOLDEN}", "--dry-run=client", "-o", "yaml")
    return {**files, "support-bot/golden-set.yaml": golden + "\n"}


def prompt_path(version):
    return f"support-bot/prompts/support-answer-v{version}.yaml"


class Play:
    """One Application, its repository, and what is watched of both."""

    def __init__(self, stage, argocd):
        self.stage = stage
        self.repository = Repository(os.path.join(STATE, "argocd", "repository"))
        self.files = example_files()
        self.app = App(argocd, NAME, stage.namespace)
        self.release = Release(stage.screen, stage.namespace, NAME)
        self.transcript = None
        os.makedirs(OBJECTS, exist_ok=True)

    def apply_application(self):
        with open(os.path.join(EXAMPLE, "application.yaml"), encoding="utf-8") as file:
            text = file.read().replace("https://git.example.com/team/assistants.git", self.repository.url)
        kubectl("apply", "-f", "-", stdin=text.replace("namespace: support\n", f"namespace: {self.stage.namespace}\n"))

    def commit(self, message, change=None, files=(), remove=()):
        """change(text of the ModelDeployment) → its new text. Argo CD is told as a webhook would tell it."""
        if change:
            self.files[DEPLOYMENT] = change(self.files[DEPLOYMENT])
        self.files = {path: text for path, text in {**self.files, **dict(files)}.items() if path not in remove}
        commit = self.repository.commit(message, self.files, remove)
        if self.transcript:
            self.transcript.note(f"commit {commit[:7]}: {message}")
            self.mark = self.transcript.mark()
            self.app.refresh()
        return commit

    def prompt(self, version, text):
        """A new version as a file, made from the first one."""
        first = self.files[prompt_path(1)] if prompt_path(1) in self.files else self.first
        self.first = first
        lines = first.replace("support-answer-v1", f"support-answer-v{version}").replace("version: 1\n", f"version: {version}\n")
        return {prompt_path(version): re.sub(r"content: .*", f"content: {text}", lines)}

    @staticmethod
    def refer_to(version):
        return lambda text: re.sub(r"promptRef: .*", f"promptRef: {{name: support-answer-v{version}}}", text)

    def save(self, name, kind="modeldeployment", obj=NAME):
        """A real object for the tests of the Lua scripts."""
        text = kubectl("get", kind, obj, "-n", self.stage.namespace, "-o", "yaml")
        with open(os.path.join(OBJECTS, f"{kind}-{name}.yaml"), "w", encoding="utf-8") as out:
            out.write(text + "\n")

    def shows(self, what, wanted, seconds):
        """Waits until Argo CD shows the Application so; returns (sync, revision, health)."""
        return self.stage.wait(what, lambda: wanted(*self.transcript.latest("app")), seconds) and self.transcript.latest("app")

    def in_force(self, commit, health, seconds=60):
        """Synced to that commit, and of that health."""
        return self.shows(f"Argo CD to show {health}", lambda sync, revision, now: (sync, revision, now) == ("Synced", commit, health), seconds)

    def click(self, action, **parameters):
        self.transcript.note(f"click {action}" + "".join(f" {key}={value}" for key, value in parameters.items()))
        self.app.click(NAME, action, **parameters)

    def object(self):
        return self.stage.kube.get("modeldeployments", self.stage.namespace, NAME)

    def last_command(self):
        return status(self.object()).get("lastCommand", {})

    def enabled(self):
        return sorted(name for name, disabled in self.app.actions(NAME).items() if not disabled)

    def healths_since_commit(self, commit):
        """Healths of the Application since it is synced to that commit."""
        return [health for _, _, (sync, revision, health) in self.transcript.since(self.mark, "app") if (sync, revision) == ("Synced", commit)]


def ended(outcome, revision=None):
    return lambda obj: ("run" not in status(obj) and latest_history(obj).get("outcome") == outcome
                        and (revision is None or status(obj)["stable"]["revision"] == revision)
                        and status(obj).get("observedGeneration") == obj["metadata"]["generation"])


def promotion(stage, play):
    commit = play.commit("Answer in the customer's language", play.refer_to(2), play.prompt(2, PROMPTS["v2"]))
    play.release.wait_for("the release of revision 2", lambda obj: status(obj).get("candidate", {}).get("revision") == 2, 30)
    play.save("analysis")
    play.release.wait_for("revision 2 promoted", lambda obj: settled(obj) and status(obj)["stable"]["revision"] == 2, 90)
    play.in_force(commit, "Healthy")
    healths = play.healths_since_commit(commit)
    stage.check("one commit with a new prompt and its reference is promoted, and is Healthy only then",
                healths.count("Healthy") == 1 and healths[-1] == "Healthy" and len(healths) > 1, " → ".join(healths))
    play.save("healthy")
    play.save("used", "promptversion", "support-answer-v2")


def rollback(stage, play):
    commit = play.commit("Shorter answers", play.refer_to(3), play.prompt(3, PROMPTS["v3"]))
    play.release.wait_for("revision 3 rejected", lambda obj: status(obj).get("phase") == "RolledBack", 90)
    play.in_force(commit, "Degraded")
    run = status(play.object())["lastRun"]
    kind, message = play.stage.wait("the reason in Argo CD", lambda: play.transcript.latest("node")[0] == "Degraded", 10) and play.transcript.latest("node")
    stage.check("a rollback is Degraded with its reason", kind == "Degraded" and "answer-contains" in message, message)
    play.transcript.note(f"a sync by hand, a hard refresh, and {HOLD_SECONDS} s of self-healing")
    play.app.sync()
    play.app.refresh(hard=True)
    began = time.monotonic()
    stage.wait(f"{HOLD_SECONDS} s of self-healing", lambda: time.monotonic() - began > HOLD_SECONDS, HOLD_SECONDS + 5)
    now = status(play.object())
    stage.check("it stays so: neither a sync nor self-healing starts it again",
                (now["lastRun"], now["phase"]) == (run, "RolledBack") and play.transcript.latest("app")[2] == "Degraded",
                f"run {now['lastRun']}, {now['phase']}")
    offered = play.enabled()
    stage.check("then retry and rollback are offered, nothing that would be refused", offered == ["retry", "rollback"], offered)
    play.save("rolled-back")


def pause_and_prune(stage, play):
    """The fix. The version that stable uses leaves Git with it."""
    commit = play.commit("Brief, in whole sentences; each weight waits for a person; prune versions 1 to 3",
                         lambda text: play.refer_to(4)(text).replace("pause: {duration: 5s}", "pause: {}"),
                         play.prompt(4, PROMPTS["v2"] + " Be brief."), [prompt_path(1), prompt_path(2), prompt_path(3)])
    play.release.wait_for("the first pause", waits_at(2), 90)
    shown = play.in_force(commit, "Suspended")
    stage.check("the fix in Git starts a release, and its pause is Suspended", shown[2] == "Suspended", play.transcript.latest("node"))
    gone = play.stage.kube.get("promptversions", stage.namespace, "support-answer-v2") is None
    stage.check("the prompt that stable uses is pruned while it serves", gone and status(play.object())["stable"]["revision"] == 2)
    play.save("paused-at-step")


def waits_at(step):
    return lambda obj: (status(obj).get("phase") == "Paused" and status(obj).get("waitingFor", {}).get("kind") == "Person"
                        and status(obj).get("run", {}).get("currentStepIndex") == step)


def stale_command(folder):
    """The annotation that Argo CD's own engine makes of what was shown, for later."""
    seen, settings = os.path.join(OBJECTS, "modeldeployment-paused-at-step.yaml"), os.path.join(folder, "argocd-cm.yaml")
    with open(settings, "w", encoding="utf-8") as out:
        out.write(kubectl("get", "configmap", "argocd-cm", "-n", "argocd", "-o", "yaml"))
    done = subprocess.run(["argocd", "admin", "settings", "resource-overrides", "run-action", seen, "promote", "--argocd-cm-path", settings],
                          env=environment(), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return re.search(r"llmops\.dev/command: (promote .* by=argocd)", done.stdout).group(1)


def clicks(stage, play):
    stale, made = stale_command(os.path.join(STATE, "argocd")), time.monotonic()
    offered = play.enabled()
    stage.check("at a pause promote, abort, resume and rollback are offered", offered == ["abort", "promote", "promote-full", "resume", "rollback"], offered)
    # Ids count seconds: another click within the same one is the same click.
    stage.wait("another second", lambda: time.monotonic() - made > 2, 5)
    play.click("promote")
    play.click("promote")
    play.release.wait_for("the second pause", waits_at(4), 60)
    began = time.monotonic()
    stage.wait("whether the second click does something", lambda: time.monotonic() - began > 4, 6)
    now = status(play.object())
    stage.check("promote clicked twice is done once", now["run"]["currentStepIndex"] == 4 and now["lastCommand"]["accepted"],
                f"step {now['step']}: {now['lastCommand']['result']}")
    play.transcript.note(f"a click that was made at step 2 and comes late: {stale}")
    late = lambda: stage.kube.patch("modeldeployments", stage.namespace, NAME, {"metadata": {"annotations": {"llmops.dev/command": stale}}})
    refusal = ""
    try:
        late()
    except ApiError as error:
        refusal = str(error)
    stage.check("admission tells a stale click the reason", "no longer current" in refusal, refusal[-160:])
    # Where no webhook looks, the operator says the same.
    with stage.without_admission():
        late()
    stage.wait("the stale click looked at", lambda: not play.last_command()["accepted"], 20)
    now = status(play.object())

    def refusals():
        events = [e for e in stage.kube.list("events", stage.namespace) if e.get("reason") == "CommandRefused"]
        return sum(e.get("count") or (e.get("series") or {}).get("count") or 1 for e in events)

    # Events follow the status that they tell of.
    stage.wait("the event of the refusal", refusals, 20)
    count = refusals()
    stage.check("a stale click is refused, once, with the reason", "no longer current" in now["lastCommand"]["result"]
                and now["run"]["currentStepIndex"] == 4 and count == 1, f"{now['lastCommand']['result']}; {count} refusal")
    play.save("second-pause")
    play.click("resume")
    play.release.wait_for("the bake", lambda obj: status(obj).get("phase") == "Baking", 60)
    play.save("baking")
    obj = play.release.wait_for("revision 4 promoted", settled, 60)
    play.shows("Healthy", lambda sync, _, health: (sync, health) == ("Synced", "Healthy"), 30)
    stage.check("resume by a click ends the last pause", status(obj)["stable"]["revision"] == 4, status(obj)["lastCommand"]["result"])


def rollback_to_pruned(stage, play):
    play.click("rollback", to=2)
    play.release.wait_for("revision 2 serves again", lambda obj: status(obj).get("phase") == "RolledBack"
                          and status(obj)["stable"]["revision"] == 2 and "bakeUntil" not in status(obj), 60)
    play.shows("Degraded", lambda sync, _, health: (sync, health) == ("Synced", "Degraded"), 30)
    stage.check("a click goes back to a revision whose prompt left Git long ago", True, status(play.object())["message"])
    play.save("held")
    mark = play.transcript.mark()
    play.click("retry")
    play.release.wait_for("the spec decides again", waits_at(2), 90)
    healths = [health for _, _, (_, _, health) in play.transcript.since(mark, "app")]
    stage.check("what a person goes back from is not Healthy on the way", "Healthy" not in healths, " → ".join(healths))
    play.click("abort")
    play.release.wait_for("aborted", lambda obj: status(obj).get("phase") == "RolledBack" and "run" not in status(obj), 60)
    stage.check("retry and abort by clicks", play.last_command()["verb"] == "abort" and play.last_command()["accepted"], play.last_command()["result"])
    play.save("aborted")


def bad_prompt(stage, play):
    """A template that nobody can read, with the reference to it: refused at the door, and where no webhook looks, told by its condition."""
    spec = play.object()["spec"]["promptRef"]
    play.commit("A broken template", play.refer_to(5), play.prompt(5, '"Hello {{ name"'))

    def failed():
        """What the sync says of the prompt, once it has given up on its wave."""
        result = play.app.read()["status"].get("operationState", {}).get("syncResult", {})
        return [r["message"] for r in result.get("resources", []) if r["name"] == "support-answer-v5"
                and ("SyncFailed" in (r.get("status"), r.get("hookPhase")) or r.get("hookPhase") == "Failed")]

    stage.wait("the sync to give up", failed, 60)
    stage.check("a prompt that cannot be read ends the sync in its wave, before the ModelDeployment",
                play.object()["spec"]["promptRef"] == spec and "never closed" in stage.last_value[0], stage.last_value[0])
    with stage.without_admission():  # the sync tries again by itself
        told = lambda: condition(stage.kube.get("promptversions", stage.namespace, "support-answer-v5") or {}, "Rendered")
        stage.wait("its condition", lambda: told().get("status") == "False", 90)
        play.save("invalid", "promptversion", "support-answer-v5")
    stage.check("without admission it is Degraded, and the ModelDeployment stays", play.object()["spec"]["promptRef"] == spec, told()["message"])


def scale(stage, play):
    play.transcript.note("kubectl scale to 1, as an autoscaler would")
    kubectl("scale", "modeldeployment", NAME, "-n", stage.namespace, "--replicas=1")
    play.release.wait_for("one engine pod", lambda obj: status(obj).get("replicas") == 1, 60)
    play.app.refresh(hard=True)
    play.app.sync()
    began = time.monotonic()
    stage.wait("two resyncs", lambda: time.monotonic() - began > HOLD_SECONDS, HOLD_SECONDS + 5)
    stage.check("a sync leaves replicas to who scales", play.object()["spec"]["replicas"] == 1 and play.transcript.latest("app")[0] == "Synced",
                play.transcript.latest("app")[0])


def run(stage):
    with ArgoCd() as argocd:
        play = Play(stage, argocd)
        first = play.commit("The assistant", files={})
        play.apply_application()
        try:
            with Transcript(play.app, NAME) as transcript:
                play.transcript = transcript
                play_all(stage, play, first)
        finally:
            kubectl("delete", "applications.argoproj.io", NAME, "-n", "argocd", "--wait=false", check=False)
            if play.transcript:
                play.transcript.write(TRANSCRIPT)
            play.release.close()
            write_log(argocd)


def play_all(stage, play, first):
    play.transcript.note(f"commit {first[:7]}: the assistant, for the first time")
    play.release.wait_for("the first deploy", settled, 120)
    play.in_force(first, "Healthy")
    tree = play.app.kinds_in_tree()
    stage.check("the first deploy is Healthy, with its children in the tree", {"ModelDeployment", "Deployment", "Pod", "EvalRun"} <= tree, sorted(tree))
    users = stage.load(NAME)
    promotion(stage, play)
    rollback(stage, play)
    pause_and_prune(stage, play)
    clicks(stage, play)
    rollback_to_pruned(stage, play)
    scale(stage, play)
    bad_prompt(stage, play)
    summary = users.stop()
    play.transcript.note(f"{summary['requests']} requests, {summary['failed']} failed")
    stage.check("users noticed nothing of all that", summary["failed"] == 0 and summary["requests"] > 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")
    drift = play.transcript.own_drift()
    stage.check("Git and cluster never differed by what the operator wrote", not drift, drift or "0 times OutOfSync after Synced of the same commit")
    compared, redrawn = refreshes(play.app.argocd)
    in_git = {"ModelDeployment", "PromptVersion", "Guardrail", "EvalGate", "ConfigMap"}
    stage.check("no child makes Argo CD compare with Git", set(compared) <= in_git,
                f"{dict(compared)}; children redrew the tree {redrawn} times in {status(play.object())['lastRun']} releases")
    now = play.object()
    stage.check("the conditions of kstatus agree", condition(now, "Stalled").get("status") == "True", condition(now, "Stalled").get("message"))


def refreshes(argocd):
    """{kind: how often a change of it made Argo CD compare with Git}, and how often children only redrew the tree."""
    compared, redrawn = collections.Counter(), 0
    for line in argocd.log("controller").splitlines():
        if "Requesting app refresh caused by object update" in line:
            entry = json.loads(line)
            if entry["comparison-level"] == 0:
                redrawn += 1
            else:
                compared[entry["kind"]] += 1
    return compared, redrawn


def write_log(argocd):
    with open(os.path.join(BUILD, "e2e-argocd-controller.log"), "w", encoding="utf-8") as out:
        out.write(argocd.log("controller"))

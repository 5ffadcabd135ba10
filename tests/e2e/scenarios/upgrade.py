"""An operator upgrade and CRDs that gain a field start no release and restart no engine."""
import os
import shutil
import subprocess
import tempfile
import time

from install import REPOSITORY, install_chart
from paths import CHART, ROOT, SOCKETS, environment
from release import latest_history, settled, status
from stage import PROMPTS, deployment_spec, failures_by_kind, prompt

FIELD = """              notes:
                description: A field of a later version.
                type: string
                maxLength: 64
"""


def retag(tag):
    """The same programs under another name: pod templates that hold the image get another default."""
    later = f"{tag}-later"
    subprocess.run(["ctr", "-a", os.path.join(SOCKETS, "containerd.sock"), "-n", "k8s.io", "images", "tag", "--force",
                    f"{REPOSITORY}:{tag}", f"{REPOSITORY}:{later}"], env=environment(), check=True, stdout=subprocess.DEVNULL)
    return later


def chart_with_a_later_crd(folder):
    chart = os.path.join(folder, "chart")
    shutil.copytree(CHART, chart)
    path = os.path.join(chart, "files", "crds", "llmops.dev_modeldeployments.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    marker = "              servedModelName:\n"
    if text.count(marker) < 1:
        raise RuntimeError("spec.servedModelName is not where it was in the CRD")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(marker, FIELD + marker, 1))
    return chart


def previous_chart(folder):
    """The chart as it was before its latest change, by Git; (path, what it is)."""
    git = lambda *words: subprocess.run(["git", "-C", ROOT, *words], check=True, stdout=subprocess.PIPE).stdout
    commits = git("log", "-2", "--format=%H", "--", "charts/llmops-operator").decode().split()
    if len(commits) < 2:
        raise RuntimeError("the history holds no earlier chart; fetch all of it")
    archive = git("archive", commits[1], "charts/llmops-operator")
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return os.path.join(folder, "charts", "llmops-operator"), commits[1][:10]


def from_the_previous_chart(stage):
    """An upgrade of the chart while a release waits at half of the traffic: it goes on where it was."""
    tag = stage.options.tag
    with tempfile.TemporaryDirectory() as folder:
        chart, name = previous_chart(folder)
        install_chart(tag, chart=chart)
    stage.wait_for_leader()
    steps = [{"setWeight": 50}, {"pause": {}}]
    release = stage.deploy_and_settle("flying", deployment_spec(gateways=2, steps=steps, text=PROMPTS["v1"]), 180)
    release.patch({"prompt": prompt(PROMPTS["v2"])})
    waits = lambda obj: status(obj).get("waitingFor", {}).get("kind") == "Person" and status(obj).get("candidate")
    release.wait_for("a release in flight", waits, 90)
    users = stage.load("flying", kind="flying")
    before = stage.fingerprint(release)
    install_chart(tag)
    stage.wait_for_leader()
    began = time.monotonic()
    stage.wait("10 s under the new chart", lambda: time.monotonic() - began > 10, 20)
    after = stage.fingerprint(release)
    stage.check("an upgrade of the chart leaves a release in flight where it was", after == before and waits(
        stage.kube.get("modeldeployments", stage.namespace, "flying")), f"from the chart of {name}: {len(after['enginePods'])} engine pods, none new")
    subprocess.run([os.path.join(stage.options.build, "bin", "llmops"), "promote", "flying", "-n", stage.namespace, "--by", "e2e"],
                   env=environment(), check=True, stdout=subprocess.DEVNULL)
    obj = release.wait_for("promoted", lambda obj: settled(obj) and status(obj)["stable"]["revision"] == 2, 90)
    summary = users.stop()
    stage.check("it ends as if nothing had been", latest_history(obj).get("outcome") == "Promoted" and summary["failed"] == 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")


def run(stage):
    from_the_previous_chart(stage)
    tag = stage.options.tag
    releases = [stage.deploy(f"bot-{i}", deployment_spec(gateways=2)) for i in (1, 2)]
    for release in releases:
        release.wait_for(f"{release.name} Healthy", settled, 180)
    users = stage.load("bot-1")
    before = [stage.fingerprint(release) for release in releases]
    gateway_image = lambda r: {c["image"] for p in r.pods("gateway") if "deletionTimestamp" not in p["metadata"] for c in p["spec"]["containers"]}

    later = retag(tag)
    try:
        install_chart(later)
        stage.wait_for_leader()
        stage.wait("gateways run the new image", lambda: all(gateway_image(r) == {f"{REPOSITORY}:{later}"} for r in releases), 180)
        for release in releases:
            release.wait_for(f"{release.name} Healthy", settled, 120)
        compare(stage, "an upgrade of the operator", releases, before)

        with tempfile.TemporaryDirectory() as folder:
            install_chart(later, chart=chart_with_a_later_crd(folder))
        crd = stage.kube.get("customresourcedefinitions", None, "modeldeployments.llmops.dev")
        fields = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        stage.check("the CRD has the later field", "notes" in fields)
        began = time.monotonic()
        stage.wait("10 s under the later CRDs", lambda: time.monotonic() - began > 10, 20)
        compare(stage, "a CRD with a further field", releases, before)
        # And a fresh operator that reads all objects under the later CRDs.
        stage.kill_operator()
        stage.wait_for_leader()
        began = time.monotonic()
        stage.wait("10 s of a fresh operator", lambda: time.monotonic() - began > 10, 20)
        compare(stage, "a restart under the later CRDs", releases, before)
    finally:
        install_chart(tag)
        stage.wait_for_leader()
    stage.wait("gateways are back on the old image", lambda: all(gateway_image(r) == {f"{REPOSITORY}:{tag}"} for r in releases), 180)
    compare(stage, "going back to the old operator", releases, before)
    summary = users.stop()
    stage.check("no request failed during upgrades", summary["failed"] == 0 and summary["requests"] > 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")


def compare(stage, what, releases, before):
    after = [stage.fingerprint(release) for release in releases]
    started = sum((a["lastRun"] or 0) - (b["lastRun"] or 0) for a, b in zip(after, before))
    running = sum(1 for a in after if a["run"])
    stage.check(f"{what} starts no release", started == 0 and not running, f"{started} releases started")
    restarts = sum(sum(a["enginePods"].values()) - sum(b["enginePods"].values()) for a, b in zip(after, before))
    new = sum(len(set(a["enginePods"]) - set(b["enginePods"])) for a, b in zip(after, before))
    stage.check(f"{what} restarts no engine pod", restarts == 0 and new == 0, f"{restarts} restarts, {new} new engine pods")

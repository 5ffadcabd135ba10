"""What is kept no longer goes: engines, Services, bodies and records beyond the history, and records of runs long past."""
from release import settled, status
from stage import ENGINE_ARGUMENTS, deployment_spec, golden_gate

KEPT = 1  # revisionHistoryLimit


def run(stage):
    stage.golden_set()
    stage.create("evalgates", golden_gate())
    steps = [{"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 100}]
    release = stage.deploy_and_settle("bot", {**deployment_spec(bake="1s", steps=steps), "revisionHistoryLimit": KEPT})
    evaluations = {one["metadata"]["name"] for one in stage.kube.list("evalruns", stage.namespace)}
    for number in (2, 3, 4):
        spec = deployment_spec(arguments=[*ENGINE_ARGUMENTS, "--ctx-size", str(4096 + 64 * number)])
        release.patch({"backend": spec["backend"], "strategy": {"canary": {"steps": [{"setWeight": 100}]}}})
        release.wait_for(f"revision {number}", lambda obj, n=number: settled(obj) and status(obj)["stable"]["revision"] == n
                         and "bakeUntil" not in status(obj), 180)
    count = lambda plural, selector: len(stage.kube.list(plural, stage.namespace, "llmops.dev/model-deployment=bot," + selector))
    kept = lambda: {"engines": count("deployments", "llmops.dev/component=engine"), "Services of engines": count("services", "llmops.dev/component=engine"),
                    "records": count("controllerrevisions", "llmops.dev/component=revision"), "bodies": count("configmaps", "llmops.dev/revision-hash")}
    took = stage.wait("old revisions go", lambda: all(number == KEPT + 1 for number in kept().values()), 60)
    stage.check(f"stable and {KEPT} revision beside it are kept", all(number == KEPT + 1 for number in kept().values()), f"{kept()} after {took:.0f} s")
    # As if another thirty runs had gone by.
    live = stage.kube.get("modeldeployments", stage.namespace, "bot")
    stage.kube.patch("modeldeployments", stage.namespace, "bot", {"status": {"lastRun": status(live)["lastRun"] + 30}}, "status")
    left = lambda: evaluations & {one["metadata"]["name"] for one in stage.kube.list("evalruns", stage.namespace)}
    stage.wait("evaluations of runs long past go", lambda: not left(), 60)
    stage.check("evaluations and plans of runs long past go", evaluations and not left() and not count("controllerrevisions", "llmops.dev/component=plan"),
                f"{len(evaluations)} EvalRuns")

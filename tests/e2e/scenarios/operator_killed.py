"""The operator is killed at ten moments of releases: each ends as it must, and no user notices."""
from release import latest_history, status
from stage import PROMPTS, deployment_spec, failures_by_kind, golden_gate, prompt

KILLS = 10
KILLS_OF_ONE_RELEASE = 6  # so that rollbacks and promotions both are interrupted
STEPS = [{"setCanaryScale": {"replicas": 1}}, {"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 20},
         {"pause": {"duration": "2s"}}, {"setWeight": 50}, {"pause": {"duration": "2s"}}]
# Each release, what must come of it: own pods, shared pods, a rejected prompt, and the first again.
RELEASES = [
    ("a new engine argument", {"backend": {"pods": {"engine": {"args": ["--parallel", "4", "--ctx-size", "8192", "--threads", "1"]}}}},
     "Promoted"),
    ("a brief prompt", {"prompt": prompt(PROMPTS["v3"])}, "RolledBack"),
    ("a better prompt", {"prompt": prompt(PROMPTS["v2"])}, "Promoted"),
    ("the old engine argument", {"backend": {"pods": {"engine": {"args": ["--parallel", "4", "--ctx-size", "4096", "--threads", "1"]}}}},
     "Promoted"),
]


def moment(obj):
    """Where a release is; a change of it is a moment worth a kill."""
    now = status(obj)
    run = now.get("run", {})
    arms = {arm["name"]: (arm["weight"], arm.get("loadState")) for arm in now.get("arms", [])}
    return (now.get("phase"), now.get("step"), now.get("epoch"), run.get("number"), (run.get("decision") or {}).get("outcome"),
            arms.get("candidate"), bool(now.get("bakeUntil")))


def describe(moment):
    phase, step, epoch, _, decision, candidate, baking = moment
    words = [phase, step and f"step {step}", candidate and f"weight {candidate[0]} {candidate[1]}", decision and f"decided {decision}",
             baking and "baking", f"epoch {epoch}"]
    return " ".join(word for word in words if word)


def run(stage):
    stage.golden_set()
    stage.create("evalgates", golden_gate())
    release = stage.deploy_and_settle("bot", deployment_spec(replicas=2, gateways=2, steps=STEPS, text=PROMPTS["v1"]))
    users = stage.load("bot")
    killed, limit = [], [0]

    def kill_at_a_new_moment(_):
        """Looks at the object as it is now: rows of the watch are old after a kill. Waits for a fresh leader, so that
        the next moment is one that it made itself."""
        obj = stage.kube.get("modeldeployments", stage.namespace, release.name)
        now = moment(obj)
        if len(killed) >= min(KILLS, limit[0]) or now in killed or ("run" not in status(obj) and not status(obj).get("bakeUntil")):
            return
        stage.kill_operator()
        killed.append(now)
        took = stage.wait_for_leader()
        stage.screen.line(f"    kill {len(killed)} at: {describe(now)}; another leads after {took:.1f} s")

    for title, spec, wanted in RELEASES:
        limit[0] = len(killed) + KILLS_OF_ONE_RELEASE
        before = status(release.object).get("lastRun", 0)
        generation = release.patch(spec)
        release.each_look = kill_at_a_new_moment

        def ended(obj):
            now = status(obj)
            return (now.get("observedGeneration", 0) >= generation and now.get("lastRun", 0) > before and "run" not in now
                    and now.get("phase") in ("Healthy", "RolledBack"))

        obj = release.wait_for(f"{title} ends", ended, 300)
        release.each_look = lambda obj: None
        stage.check(f"{title} ends {wanted} whenever the operator is killed", latest_history(obj).get("outcome") == wanted,
                    f"{latest_history(obj).get('outcome')}, {len(killed)} kills so far")
        if len(killed) >= KILLS:
            break
    stage.check(f"the operator was killed at {KILLS} moments", len(killed) >= KILLS, len(killed))
    summary = users.stop()
    stage.check("no request failed while operators were killed", summary["failed"] == 0 and summary["requests"] > 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")

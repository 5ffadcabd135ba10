"""Settled means silent: no write but the Lease, no pull of a gateway report."""
import contextlib
import json
import os
import time

from kube import kubectl
from release import settled, status
from stage import AuditLog, deployment_spec

PULLS = "llmops_gateway_report_pulls_total"


def unsettled():
    """Whoever may be asked for reports, in all namespaces."""
    items = json.loads(kubectl("get", "modeldeployments", "-A", "-o", "json"))["items"]
    kept = ("phase", "message", "epoch", "trafficVerified", "run", "retiring", "bakeUntil", "arms")
    return "".join(f"{chr(10)}          {one['metadata']['namespace']}/{one['metadata']['name']}: "
                   f"{json.dumps({k: v for k, v in status(one).items() if k in kept})}" for one in items)


def run(stage):
    seconds = int(os.environ.get("LLMOPS_SILENCE_SECONDS", "60"))
    releases = [stage.deploy(f"bot-{i}", deployment_spec()) for i in (1, 2, 3)]
    for release in releases:
        release.wait_for(f"{release.name} Healthy", settled, 180)
    # The last progress of a release may be written up to ten seconds after it, and others of the cluster may be at their end.
    audit = AuditLog()

    def quiet():
        writes, _ = audit.writes()
        pulls = stage.operator_metric(PULLS)
        if writes or pulls != quiet.pulls:
            audit.begin = os.path.getsize(audit.path)
            quiet.since, quiet.pulls = time.monotonic(), pulls
        return time.monotonic() - quiet.since > 15

    quiet.since, quiet.pulls = time.monotonic(), stage.operator_metric(PULLS)
    with contextlib.suppress(TimeoutError):  # what goes on is told by the checks below
        took = stage.wait("15 s without a write or a pull", quiet, 120, every=1)
        stage.screen.line(f"    the last one was {max(0.0, took - 15):.0f} s after all were Healthy")
    audit, pulls = AuditLog(), stage.operator_metric(PULLS)
    began = time.monotonic()
    stage.wait(f"{seconds} s of silence", lambda: time.monotonic() - began > seconds, seconds + 10, every=1)
    writes, lease = audit.writes()
    stage.check("a settled operator writes nothing but its Lease", not writes,
                f"{len(writes)} writes in {seconds} s with 3 Healthy ModelDeployments, {lease} of the Lease"
                + "".join(f"\n          {w}" for w in writes[:10]))
    stage.check("the Lease is renewed", lease > 0, lease)
    pulled = stage.operator_metric(PULLS) - pulls
    stage.check("a settled operator pulls no gateway report", pulled == 0, f"{pulled:.0f} pulls ({pulls:.0f} before){'' if pulled == 0 else unsettled()}")
    stage.check("reports were pulled while releases ran, so the counter counts", pulls > 0, f"{pulls:.0f}")

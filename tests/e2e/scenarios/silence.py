"""Settled means silent: no write but the Lease, no pull of a gateway report."""
import os
import time

from release import settled
from stage import AuditLog, deployment_spec

PULLS = "llmops_gateway_report_pulls_total"


def run(stage):
    seconds = int(os.environ.get("LLMOPS_SILENCE_SECONDS", "60"))
    releases = [stage.deploy(f"bot-{i}", deployment_spec()) for i in (1, 2, 3)]
    for release in releases:
        release.wait_for(f"{release.name} Healthy", settled, 180)
    # The last progress of a release may be written up to ten seconds after it.
    audit = AuditLog()

    def quiet():
        writes, _ = audit.writes()
        if writes:
            audit.begin = os.path.getsize(audit.path)
            quiet.since = time.monotonic()
        return time.monotonic() - quiet.since > 15

    quiet.since = time.monotonic()
    took = stage.wait("15 s without a write", quiet, 120, every=1)
    stage.screen.line(f"    the last write was {max(0.0, took - 15):.0f} s after all were Healthy")
    audit, pulls = AuditLog(), stage.operator_metric(PULLS)
    began = time.monotonic()
    stage.wait(f"{seconds} s of silence", lambda: time.monotonic() - began > seconds, seconds + 10, every=1)
    writes, lease = audit.writes()
    stage.check("a settled operator writes nothing but its Lease", not writes,
                f"{len(writes)} writes in {seconds} s with 3 Healthy ModelDeployments, {lease} of the Lease"
                + "".join(f"\n          {w}" for w in writes[:10]))
    stage.check("the Lease is renewed", lease > 0, lease)
    pulled = stage.operator_metric(PULLS) - pulls
    stage.check("a settled operator pulls no gateway report", pulled == 0, f"{pulled:.0f} pulls ({pulls:.0f} before)")
    stage.check("reports were pulled while releases ran, so the counter counts", pulls > 0, f"{pulls:.0f}")

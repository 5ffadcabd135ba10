"""The only engine pod of a settled deployment dies: said within ten seconds, and back without a person."""
import time

from kube import condition
from release import available, settled
from stage import deployment_spec


def run(stage):
    release = stage.deploy_and_settle("bot", deployment_spec())
    began = time.monotonic()
    stage.wait("it is settled: nothing is polled any more", lambda: time.monotonic() - began > 8, 10)
    before = stage.fingerprint(release)
    victim = release.pods("engine")[0]["metadata"]["name"]
    killed = time.monotonic()
    stage.kube.delete("pods", stage.namespace, victim, grace_seconds=0)
    obj = release.wait_for("Available=False", lambda o: not available(o), 30)
    took = time.monotonic() - killed
    stage.check("Available=False within ten seconds when the only engine pod is killed", took <= 10,
                f"{took:.1f} s: {condition(obj, 'Available').get('message')}")
    release.wait_for("Available=True and Healthy", lambda o: available(o) and settled(o), 60)
    stage.check("it comes back without a person", True, f"{time.monotonic() - killed:.1f} s after the kill")
    after = stage.fingerprint(release)
    stage.check("its return is no release", after["lastRun"] == before["lastRun"] and after["stable"] == before["stable"])

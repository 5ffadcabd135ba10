"""The only engine pod of a settled deployment dies: said within ten seconds, and back without a person."""
import time

from kube import condition
from release import available, settled, status
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
    obj = release.wait_for("Available=True and Healthy", lambda o: available(o) and settled(o), 60)
    took = time.monotonic() - killed
    after = stage.fingerprint(release)
    stage.check("it comes back without a person", status(obj).get("readyReplicas") == 1 and set(after["enginePods"]) != set(before["enginePods"]),
                f"{took:.1f} s after the kill")
    stage.check("its return is no release", after["lastRun"] == before["lastRun"] and after["stable"] == before["stable"])

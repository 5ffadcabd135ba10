"""One of two gateway pods is deleted under load: nothing fails but streams that it had open, and those are counted."""
from stage import deployment_spec, failures_by_kind


def run(stage):
    release = stage.deploy_and_settle("bot", deployment_spec(replicas=1, gateways=2))
    users = stage.load("bot")

    def ready_gateways():
        return {p["metadata"]["name"] for p in release.pods("gateway") if "deletionTimestamp" not in p["metadata"]
                and any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", []))}

    for _ in range(2):
        stage.wait("two gateways ready", lambda: len(ready_gateways()) == 2, 60)
        victim = sorted(ready_gateways())[0]
        requests = users.read()["requests"]
        stage.kube.delete("pods", stage.namespace, victim)
        gone = stage.wait(f"{victim} is gone", lambda: stage.kube.get("pods", stage.namespace, victim) is None, 90)
        stage.screen.line(f"    {victim} ended {gone:.1f} s after its deletion; {users.read()['requests'] - requests} requests meanwhile")
    stage.wait("two gateways ready", lambda: len(ready_gateways()) == 2, 60)
    summary = users.stop()
    cut = sum(1 for f in summary["failures"] if f["kind"] == "no-done" and f["stream"])
    stage.check("nothing fails but open streams when a gateway pod is deleted", summary["failed"] == cut and summary["requests"] > 0,
                f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")
    stage.check("at most the streams of one pod are cut", cut <= 8, f"{cut} streams cut")

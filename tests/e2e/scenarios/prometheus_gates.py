"""A gate that asks a Prometheus, which asks the gateways for their metrics: a candidate that fails is rolled back by what it measured,
a good one is promoted by it, and one whose series are missing waits for a person."""
import os

from fault_engine import fault_backend
from images import image_name, run as run_script
from kube import kubectl
from paths import E2E
from release import ended_after, latest_history, status
from stage import deployment_spec

FOLDER = os.path.join(E2E, "prometheus")
GOOD = {"first_token": "lognormal 20ms 0.3", "token_interval": "2ms", "tokens": 12}
ANSWERED = ('sum(rate(llmops_gateway_requests_total{revision="{{candidate}}",code="200"}[5s]))'
            ' / sum(rate(llmops_gateway_requests_total{revision="{{candidate}}"}[5s]))')
NOBODY_TELLS = 'sum(rate(tickets_total{revision="{{candidate}}"}[5s]))'


def gate(name, **metric):
    return {"apiVersion": "llmops.dev/v1alpha1", "kind": "EvalGate", "metadata": {"name": name},
            "spec": {"prometheus": {"endpointRef": {"name": "prometheus"}, "metrics": [{"name": "answered", **metric}]}}}


def strategy(name):
    return {"canary": {"steps": [{"setWeight": 50}, {"analysis": {"gates": [{"name": name}]}}], "bake": {"duration": "1s"},
                       "abortScaleDownDelay": "1s"}}


def begin_prometheus(stage):
    run_script([os.path.join(FOLDER, "image.sh"), "--import"], "the image of Prometheus")
    with open(os.path.join(FOLDER, "prometheus.yaml"), encoding="utf-8") as file:
        kubectl("apply", "-n", stage.namespace, "-f", "-", stdin=file.read().replace("localhost/llmops-prometheus:1", image_name("llmops-prometheus:1")))
    kubectl("rollout", "status", "-n", stage.namespace, "deployment/prometheus", "--timeout=90s")
    stage.create("secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "prometheus"}, "type": "llmops.dev/endpoint",
                             "stringData": {"url": f"http://prometheus.{stage.namespace}.svc:9090"}})


def words(runs):
    return "; ".join(f"gate {one['spec']['gate']} {one.get('status', {}).get('phase')}: {one.get('status', {}).get('message')}" for one in runs)


def waits_for_a_person(_):
    return lambda obj: status(obj).get("waitingFor", {}).get("kind") == "Person"


def run(stage):
    begin_prometheus(stage)
    stage.create("evalgates", gate("measured", query=ANSWERED, successCondition="result[0] >= 0.95", initialDelay="6s", interval="2s",
                                   count=4, failureLimit=1))
    stage.create("evalgates", gate("untold", query=NOBODY_TELLS, successCondition="result[0] < 1", consecutiveErrorLimit=0))
    release = stage.deploy_and_settle("bot", {**deployment_spec(gateways=2, strategy=strategy("measured")), "backend": fault_backend(**GOOD)})
    users = stage.load("bot", rate=30, conversations=12, arguments=("--min-turns", "1", "--max-turns", "3"))

    def play(name, until, **faults):
        last_run = status(release.object).get("lastRun", 0)
        release.patch({"backend": fault_backend(**{**GOOD, **faults}), "strategy": strategy(name)})
        obj = release.wait_for(f"what comes of gate {name}", until(last_run), 120)
        runs = [one for one in release.eval_runs() if one["spec"]["run"] > last_run]
        return obj, [one.get("status", {}).get("phase") for one in runs], words(runs)

    obj, verdicts, text = play("measured", ended_after, error_share=0.5)
    stage.check("a candidate that fails is rolled back by what Prometheus measured",
                latest_history(obj).get("outcome") == "RolledBack" and verdicts == ["Failed"], text)
    obj, verdicts, text = play("measured", ended_after, tokens=13)
    stage.check("a good one is promoted by it", latest_history(obj).get("outcome") == "Promoted" and verdicts == ["Successful"], text)
    obj, verdicts, text = play("untold", waits_for_a_person, tokens=14)
    stage.check("where no series answers, it is asked again, and then a person is", set(verdicts) == {"Error"} and len(verdicts) > 1
                and status(obj)["candidate"], f"{len(verdicts)} times; {status(obj).get('message')}")
    users.stop()

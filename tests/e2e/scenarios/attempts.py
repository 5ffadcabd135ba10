"""What must not succeed: ways in which an author of our resources, a gateway or an evaluator might reach for what is not theirs.

The author has the aggregated `edit` role in one namespace. Each check says how it was tried and what refused it. Known and not
tried here: who may create Pods or Jobs, or edit Services, in a namespace may answer in the place of what runs there.
"""
import contextlib
import http.client
import json
import time

from ask import ask
from install import delete_namespace, ensure_namespace
from kube import ApiError, Kube, kubectl, resource_path
from reach import pod_address
from release import settled, status
from stage import OPERATOR_USER, PROMPTS, deployment_spec, golden_gate, prompt

STEPS = [{"analysis": {"gates": [{"name": "golden"}]}}, {"setWeight": 50}]
EVALUATION_PORT, ADMIN_PORT = 8081, 8082


class Attempts:
    def __init__(self, stage):
        self.stage = stage
        self.kube = stage.kube
        self.namespace = stage.namespace
        self.other = stage.namespace + "-other"
        self.author = Kube(user="author")

    def refused(self, what, how, call, codes=(403,), words=()):
        """`call` must end in one of these answers, which must hold these words."""
        try:
            call()
            self.stage.check(f"{what} is refused", False, f"{how}: it was accepted")
        except ApiError as error:
            text = str(error)
            self.stage.check(f"{what} is refused", error.status in codes and all(word in text for word in words),
                             f"{how}: {text[:60]}… {text[-150:]}" if len(text) > 220 else f"{how}: {text}")

    def deployment(self, name, spec, strict=True, by=None):
        body = {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": name}, "spec": spec}
        path = resource_path("modeldeployments", self.namespace, fieldValidation="Strict" if strict else "Ignore")
        return (by or self.author).request("POST", path, body)

    def token(self, account, namespace=None, audience=None):
        spec = {"expirationSeconds": 600, **({"audiences": [audience]} if audience else {})}
        path = resource_path("serviceaccounts", namespace or self.namespace, account, "token")
        return self.kube.request("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})["status"]["token"]


def with_pod_fields(**fields):
    """A ModelDeployment whose template, engine or pods say more than is allowed."""
    spec = deployment_spec()
    pods = spec["backend"]["pods"]
    for path, value in fields.items():
        target = pods
        *parents, last = path.split("__")
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value
    return spec


def verdicts_and_records(a, release):
    """What only the operator writes."""
    run = next(iter(a.kube.list("evalruns", a.namespace)))
    name = run["metadata"]["name"]
    forged = {"apiVersion": run["apiVersion"], "kind": "EvalRun", "spec": run["spec"], "metadata": {
        "name": "bot-run-99-0-0-0", "labels": run["metadata"]["labels"], "ownerReferences": run["metadata"]["ownerReferences"]}}
    a.refused("an EvalRun of an author", "POST evalruns", lambda: a.author.create("evalruns", a.namespace, forged))
    a.refused("another verdict in an EvalRun", "PATCH evalruns/status",
              lambda: a.author.patch("evalruns", a.namespace, name, {"status": {"phase": "Successful"}}, "status"))
    a.refused("the deletion of a verdict", "DELETE evalruns", lambda: a.author.delete("evalruns", a.namespace, name))
    a.refused("a promotion written into the status", "PATCH modeldeployments/status",
              lambda: a.author.patch("modeldeployments", a.namespace, "bot", {"status": {"phase": "Healthy"}}, "status"))
    record = next(r for r in a.kube.list("controllerrevisions", a.namespace) if "llmops.dev/hash" in r["metadata"].get("annotations", {}))
    record_name = record["metadata"]["name"]
    a.refused("a promotion written onto a revision's record", "PATCH controllerrevisions",
              lambda: a.author.patch("controllerrevisions", a.namespace, record_name,
                                     {"metadata": {"annotations": {"llmops.dev/promoted-at": "2030-01-01T00:00:00Z"}}}))
    a.refused("other content in a revision's record, even by an administrator", "PATCH controllerrevisions data",
              lambda: a.kube.patch("controllerrevisions", a.namespace, record_name, {"data": {"parts": {"Model": None}}}), (422,), ("immutable",))
    a.refused("engine addresses of an author's own", "POST endpointslices", lambda: a.author.create("endpointslices", a.namespace, {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": [{"addresses": ["203.0.113.9"]}],
        "metadata": {"name": "forged", "labels": {"kubernetes.io/service-name": "bot-engine"}}, "ports": [{"port": 8080}]}))
    a.refused("more rights for the gateway", "PATCH roles",
              lambda: a.author.patch("roles", a.namespace, "bot-gateway",
                                     {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}))


def pods_that_escape(a):
    """Fields by which a pod leaves its box: the typed allow-list has none of them."""
    cases = {
        "hostNetwork": {"template__hostNetwork": True}, "hostPID": {"template__hostPID": True},
        "a hostPath volume": {"template__volumes": [{"name": "x", "hostPath": {"path": "/"}}]},
        "a Secret as a volume": {"template__volumes": [{"name": "x", "secret": {"secretName": "vault"}}]},
        "another service account": {"template__serviceAccountName": "bot-gateway"},
        "a node of choice": {"template__nodeName": "e2e"},
        "a privileged engine": {"engine__securityContext": {"privileged": True}},
        "a container beside the engine": {"template__containers": [{"name": "x", "image": "x"}]},
        "a Secret as environment": {"engine__env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "vault", "key": "key"}}}]},
        "labels for the pods": {"template__labels": {"llmops.dev/component": "gateway"}},
    }
    for what, fields in cases.items():
        a.refused(f"{what} in a ModelDeployment", "strict POST modeldeployments",
                  lambda fields=fields: a.deployment("escapes", with_pod_fields(**fields)), (400, 422))
    every = {path: value for fields in cases.values() for path, value in fields.items() if path != "engine__env"}
    made = a.deployment("escapes", with_pod_fields(**every), strict=False)
    kept = json.dumps(made["spec"]["backend"])
    found = [word for word in ("hostNetwork", "hostPID", "hostPath", "secret", "serviceAccount", "nodeName", "privileged", "containers", "labels", "volumes") if word in kept]
    a.stage.check("where unknown fields are ignored, none of them is kept", not found, f"POST with fieldValidation=Ignore: kept {found or 'nothing'}")
    workload = lambda: next((d for d in a.kube.list("deployments", a.namespace, "llmops.dev/model-deployment=escapes,llmops.dev/component=engine")), None)
    a.stage.wait("its engine", workload, 60)
    pod = workload()["spec"]["template"]["spec"]
    free = {key: pod.get(key) for key in ("hostNetwork", "hostPID", "serviceAccountName", "nodeName") if pod.get(key)}
    a.stage.check("an engine's pod has no host, no account and no token", not free and pod["automountServiceAccountToken"] is False
                  and pod["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False, free or "automountServiceAccountToken false")
    a.kube.delete("modeldeployments", a.namespace, "escapes")


def names_that_lead_away(a):
    for bad in ("../../secrets/vault", "..%2f..%2fsecrets", "a/b", "vault?x=y", "Other.ns", "bot-golden%00"):
        a.refused(f"a prompt named {bad!r}", "POST modeldeployments", lambda bad=bad: a.deployment(
            "leads-away", {**{k: v for k, v in deployment_spec().items() if k != "prompt"}, "promptRef": {"name": bad}}), (422,), ("promptRef",))
    gate = golden_gate("leads-away", "../../secrets/vault")
    a.refused("a golden set named ../../secrets/vault", "POST evalgates", lambda: a.author.create("evalgates", a.namespace, gate), (422,))
    a.refused("a golden set of another namespace", "strict POST evalgates", lambda: a.author.request(
        "POST", resource_path("evalgates", a.namespace, fieldValidation="Strict"),
        {**golden_gate("leads-away"), "spec": {"offline": {**golden_gate()["spec"]["offline"], "dataset": {
            "configMapRef": {"name": "support-golden", "namespace": a.other}}}}}), (400,))
    for taken in ("bad-evaluation", "bad-engine-0123456789", "kube/dns", "bot.other"):
        a.refused(f"users' Service named {taken!r}", "POST modeldeployments", lambda taken=taken: a.deployment(
            "bad", {**deployment_spec(), "gateway": {"serviceName": taken}}), (422,), ("serviceName",))
    a.refused("a ModelDeployment in another namespace", "POST modeldeployments there", lambda: a.author.create(
        "modeldeployments", a.other, {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": "bot"},
                                      "spec": deployment_spec()}))


def children_of_another(a):
    """Objects that lie in wait under the names of children are neither adopted nor served."""
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "waylaid-gateway", "labels": {
        "app.kubernetes.io/managed-by": "llmops-operator", "llmops.dev/model-deployment": "waylaid", "llmops.dev/component": "config"}},
        "data": {"config.json": '{"version": "gatewayconfig/v1", "epoch": 1000000, "models": []}'}}
    a.author.create("configmaps", a.namespace, config)
    a.deployment("waylaid", deployment_spec())
    conflict = lambda: "waylaid-gateway" in json.dumps(status(a.kube.get("modeldeployments", a.namespace, "waylaid")).get("conditions", []))
    with contextlib.suppress(TimeoutError):
        a.stage.wait("the conflict is told", conflict, 60)
    live = a.kube.get("configmaps", a.namespace, "waylaid-gateway")
    a.stage.check("a configuration that lies in wait under a gateway's name is not adopted", conflict()
                  and not live["metadata"].get("ownerReferences") and live["data"] == config["data"],
                  f"ConfigMap made before its ModelDeployment: {status(a.kube.get('modeldeployments', a.namespace, 'waylaid')).get('message', '')[:160]}")
    a.kube.delete("modeldeployments", a.namespace, "waylaid")
    a.kube.delete("configmaps", a.namespace, "waylaid-gateway")


def edited_children(a, release):
    """Who may edit ConfigMaps moves users to nobody: the operator takes it back under a higher epoch."""
    before = a.kube.get("configmaps", a.namespace, "bot-gateway")
    config = json.loads(before["data"]["config.json"])
    epoch = config["epoch"]
    for what, change in (("with a higher epoch", {"epoch": epoch + 1000}), ("under the same epoch", {}), ("with a lower epoch", {"epoch": 1})):
        now = json.loads(a.kube.get("configmaps", a.namespace, "bot-gateway")["data"]["config.json"])
        forged = {**now, **change, "models": [{**model, "salt": "forged"} for model in now["models"]]}
        began = time.monotonic()
        a.author.patch("configmaps", a.namespace, "bot-gateway", {"data": {"config.json": json.dumps(forged)}})
        mended = lambda: "forged" not in a.kube.get("configmaps", a.namespace, "bot-gateway")["data"]["config.json"]
        with contextlib.suppress(TimeoutError):
            a.stage.wait("the configuration is taken back", mended, 30)
        took = time.monotonic() - began
        with contextlib.suppress(TimeoutError):
            a.stage.wait("gateways follow", lambda: settled(a.kube.get("modeldeployments", a.namespace, "bot")), 30)
        obj = a.kube.get("modeldeployments", a.namespace, "bot")
        verified = status(obj).get("trafficVerified", {}).get("epoch") == status(obj).get("epoch")
        a.stage.check(f"a gateway's configuration edited {what} is taken back", mended() and verified,
                      f"PATCH configmaps: the operator wrote epoch {status(obj).get('epoch')} over it after {took:.1f} s")
    service = a.kube.get("services", a.namespace, "bot")
    a.author.patch("services", a.namespace, "bot", {"spec": {"selector": {"llmops.dev/model-deployment": "another"}}})
    back = lambda: a.kube.get("services", a.namespace, "bot")["spec"]["selector"] == service["spec"]["selector"]
    with contextlib.suppress(TimeoutError):
        a.stage.wait("the selector is taken back", back, 30)
    a.stage.check("users' Service pointed elsewhere is taken back", back(), "PATCH services: the operator replaced it")
    a.author_policy = a.kube.get("networkpolicies", a.namespace, "bot-engine")
    a.kube.patch("networkpolicies", a.namespace, "bot-engine", {"spec": {"ingress": [{}]}})
    closed = lambda: a.kube.get("networkpolicies", a.namespace, "bot-engine")["spec"] == a.author_policy["spec"]
    with contextlib.suppress(TimeoutError):
        a.stage.wait("the policy is taken back", closed, 30)
    a.stage.check("an opened NetworkPolicy of engines is closed again", closed(), "PATCH networkpolicies by an administrator: the operator replaced it")

    def served():
        # The node learns of a Service that points to its pods again a little after the Service says so.
        with contextlib.suppress(ConnectionError):
            return ask(*a.stage.address("bot"), "bot", "What is your phone number?")[0]
        return None
    a.stage.wait("users are served after all of it", served, 30)
    a.stage.check("users are served after all of it", "1588" in a.stage.last_value, a.stage.last_value)


def edited_digests(a):
    """The annotation by which the operator knows its own writing, changed by somebody else: it writes again, and leaves what is
    another's."""
    children = (("serviceaccounts", "bot-gateway"), ("roles", "bot-gateway"), ("rolebindings", "bot-gateway"), ("services", "bot"),
                ("configmaps", "bot-gateway"), ("networkpolicies", "bot-engine"), ("poddisruptionbudgets", "bot-gateway"), ("deployments", "bot-gateway"))
    key = "llmops.dev/content-digest"
    digest = lambda plural, name: a.kube.get(plural, a.namespace, name)["metadata"]["annotations"][key]
    team = {"example.com/team": "assistants"}
    for plural, name in children:
        before = digest(plural, name)
        a.kube.patch(plural, a.namespace, name, {"metadata": {"annotations": {key: "forged"}, "labels": team}})
        with contextlib.suppress(TimeoutError):
            a.stage.wait("it is written again", lambda: digest(plural, name) == before, 30)
        a.stage.check(f"a forged digest on {plural} is written over", digest(plural, name) == before, f"PATCH {plural}/{name} by an administrator")
        labels = a.kube.get(plural, a.namespace, name)["metadata"]["labels"]
        a.stage.check(f"and a label of somebody else on {plural} stays", team.items() <= labels.items(), ", ".join(sorted(labels)))


def evaluation_port(a):
    gateway = next(p for p in a.kube.list("pods", a.namespace, "llmops.dev/model-deployment=bot,llmops.dev/component=gateway")
                   if "deletionTimestamp" not in p["metadata"])
    stable = status(a.kube.get("modeldeployments", a.namespace, "bot"))["stable"]["hash"]
    audience = f"llmops.dev/evaluation/{a.namespace}/bot"

    def asked(token):
        connection = http.client.HTTPConnection(*pod_address(gateway, EVALUATION_PORT), timeout=10)
        try:
            connection.request("GET", f"/revisions/{stable}/v1/models", headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    good, _ = asked(a.token("default", audience=audience))
    a.stage.check("the evaluation port answers an evaluator's token", good == 200, good)
    cases = {
        "no token": (None, 401), "a token that is none": ("x.y.z", 401),
        "a token for the API server": (a.token("default"), 401),
        "a token for another ModelDeployment": (a.token("default", audience=f"llmops.dev/evaluation/{a.namespace}/other"), 401),
        "a token of another namespace for this one": (a.token("default", a.other, audience), 403),
    }
    for what, (token, code) in cases.items():
        found, body = asked(token)
        a.stage.check(f"{what} at the evaluation port is refused", found == code, f"GET /revisions/…: {found} {body[:160]}")
    found, body = asked(a.token("default", audience=audience)[:-6] + "AAAAAA")
    a.stage.check("a token with another signature at the evaluation port is refused", found == 401, f"{found} {body[:160]}")


def tokens_against_the_api(a):
    """What a stolen token of a gateway or an evaluator is good for."""
    gateway = Kube(token=a.token("bot-gateway"))
    own = resource_path("configmaps", a.namespace, "bot-gateway")
    a.stage.check("a gateway's token reads its own configuration", gateway.request("GET", own)["metadata"]["name"] == "bot-gateway")
    for what, method, path, body in (
            ("read a Secret", "GET", resource_path("secrets", a.namespace, "vault"), None),
            ("list Secrets", "GET", resource_path("secrets", a.namespace), None),
            ("read another ConfigMap", "GET", resource_path("configmaps", a.namespace, "support-golden"), None),
            ("list ConfigMaps", "GET", resource_path("configmaps", a.namespace), None),
            ("write its own configuration", "PUT", own, gateway.request("GET", own)),
            ("list pods", "GET", resource_path("pods", a.namespace), None),
            ("make an EvalRun", "POST", resource_path("evalruns", a.namespace), {"apiVersion": "llmops.dev/v1alpha1", "kind": "EvalRun",
                                                                               "metadata": {"name": "x"}, "spec": {}}),
            ("read a ModelDeployment", "GET", resource_path("modeldeployments", a.namespace, "bot"), None),
            ("find engines elsewhere", "GET", resource_path("endpointslices", a.other), None),
            ("make a token", "POST", resource_path("serviceaccounts", a.namespace, "default", "token"), {
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})):
        a.refused(f"a gateway that would {what}", method, lambda m=method, p=path, b=body: gateway.request(m, p, b))
    evaluator = Kube(token=a.token("default", audience=f"llmops.dev/evaluation/{a.namespace}/bot"))
    a.refused("an evaluator's token at the API server", "GET secrets", lambda: evaluator.list("secrets", a.namespace), (401,))
    operator = Kube(user=OPERATOR_USER)
    for namespace in (a.namespace, "llmops-system", "kube-system"):
        a.refused(f"the operator that would read Secrets of {namespace}", "GET secrets as the operator",
                  lambda n=namespace: operator.list("secrets", n))
    a.refused("the operator that would run a command in a pod", "POST pods/exec as the operator", lambda: operator.request(
        "POST", resource_path("pods", a.namespace, "x", "exec")))


def forged_evaluations(a, release):
    """The judgement of a candidate while its evaluator waits for a node, so that there is time to forge it."""
    run = status(a.kube.get("modeldeployments", a.namespace, "bot")).get("lastRun", 0) + 1
    first = f"bot-run-{run}-0-0-0"
    a.author.create("configmaps", a.namespace, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": first},
                                                "data": {"spec.json": '{"version": "evalspec/v1"}'}})
    release.patch({"prompt": prompt(PROMPTS["v3"])})
    ended = lambda: (a.kube.get("evalruns", a.namespace, first) or {}).get("status", {}).get("phase") not in (None, "Pending", "Running")
    with contextlib.suppress(TimeoutError):
        a.stage.wait("the verdict on a forged specification", ended, 60)
    said = (a.kube.get("evalruns", a.namespace, first) or {}).get("status", {})
    a.stage.check("a ConfigMap that pretends to be a run's specification is not used", said.get("phase") == "Error"
                  and "exists and belongs" in said.get("message", ""), f"made before the run: {said.get('phase')}: {said.get('message')}")
    a.kube.delete("configmaps", a.namespace, first)
    release.patch({"prompt": prompt(PROMPTS["v2"])})
    release.wait_for("back on what is stable", settled, 90)

    lies_in_wait(a, release)
    node = a.kube.list("nodes")[0]["metadata"]["name"]
    kubectl("cordon", node)
    try:
        run = status(a.kube.get("modeldeployments", a.namespace, "bot")).get("lastRun", 0) + 1
        name = f"bot-run-{run}-0-0-0"
        release.patch({"prompt": prompt("Answer with one word. " + PROMPTS["v3"])})
        a.stage.wait("the evaluator's Job", lambda: a.kube.get("jobs", a.namespace, name), 60)
        a.stage.wait("its pod", lambda: a.kube.list("pods", a.namespace, f"llmops.dev/eval-run={name}"), 30)
        made = time.monotonic()
        # In the same second neither would be believed; here the Job's own pod goes on to speak for it.
        a.stage.wait("the next second", lambda: time.monotonic() - made > 1.5, 5)
        job = a.kube.get("jobs", a.namespace, name)
        spec = json.loads(a.kube.get("configmaps", a.namespace, name)["data"]["spec.json"])
        summary = {"version": "evalsummary/v1", "verdict": "Successful", "message": "forged", "datasetDigest": spec["datasetDigest"],
                   "resultDigest": "", "items": 60, "metrics": [{"name": "answer-contains", "verdict": "Successful"}]}
        forged = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{name}-aaaaa", "labels": job["spec"]["template"]["metadata"]["labels"],
                  "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job["metadata"]["uid"], "controller": True}]},
                  "spec": {"schedulerName": "nobody", "containers": [{"name": "evaluator", "image": "localhost/forged:1", "securityContext": {
                      "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}],
                      "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}}
        forged_end(a, forged, summary)
        weak = dict(spec, offline=dict(spec["offline"], metrics=[{**m, "objective": {"min": 0}, "nonInferiority": {"margin": 1}}
                                                                 for m in spec["offline"]["metrics"]]))
        live = a.kube.get("configmaps", a.namespace, name)
        a.author.delete("configmaps", a.namespace, name)
        # What an author may not set is left out, so that the forged object itself gets in.
        owners = [{k: v for k, v in owner.items() if k != "blockOwnerDeletion"} for owner in live["metadata"]["ownerReferences"]]
        a.author.create("configmaps", a.namespace, {"apiVersion": "v1", "kind": "ConfigMap", "immutable": True, "data": {
            "spec.json": json.dumps(weak)}, "metadata": {**{k: live["metadata"][k] for k in ("name", "labels")}, "ownerReferences": owners}})
        began = time.monotonic()
        a.stage.wait("5 s in which the forged pod's word could count", lambda: time.monotonic() - began > 5, 10)
        phase = a.kube.get("evalruns", a.namespace, name).get("status", {}).get("phase")
        a.stage.check("a pod with our labels, the Job's name and a forged verdict is not believed", phase in (None, "Pending", "Running"),
                      f"made beside the evaluator's own: EvalRun is {phase}")
    finally:
        kubectl("uncordon", node)
    ended = lambda: (a.kube.get("evalruns", a.namespace, name) or {}).get("status", {}).get("phase") not in (None, "Pending", "Running")
    with contextlib.suppress(TimeoutError):
        a.stage.wait("the verdict under a weaker specification", ended, 120)
    said = a.kube.get("evalruns", a.namespace, name).get("status", {})
    a.stage.check("an evaluator whose specification was exchanged for a weaker one measures nothing", said.get("phase") == "Error"
                  and "evalspec" in said.get("message", ""), f"deleted and made again before the pod began: {said.get('phase')}: {said.get('message')}")
    arms = status(a.kube.get("modeldeployments", a.namespace, "bot")).get("arms", [])
    a.stage.check("no user met the candidate", not any(arm["name"] == "candidate" and arm.get("weight") for arm in arms), arms and [
        (arm["name"], arm["weight"]) for arm in arms])
    release.patch({"prompt": prompt(PROMPTS["v2"])})
    release.wait_for("back on what is stable", settled, 90)


def lies_in_wait(a, release):
    """A Job of an author, then an EvalRun of an administrator, under the name of the judgement to come."""
    name = lambda: f"bot-run-{status(a.kube.get('modeldeployments', a.namespace, 'bot')).get('lastRun', 0) + 1}-0-0-0"
    job_name = name()
    pod = {"restartPolicy": "Never", "containers": [{"name": "evaluator", "image": "localhost/forged:1"}]}
    a.author.create("jobs", a.namespace, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": job_name},
                                          "spec": {"suspend": True, "template": {"spec": pod}}})
    release.patch({"prompt": prompt("In a word. " + PROMPTS["v3"])})
    said = lambda: (a.kube.get("evalruns", a.namespace, job_name) or {}).get("status", {})
    with contextlib.suppress(TimeoutError):
        a.stage.wait("the verdict beside a forged Job", lambda: said().get("phase") == "Error", 60)
    a.stage.check("a Job that pretends to be a run's evaluator is not used", said().get("phase") == "Error" and "exists and belongs" in said().get("message", ""),
                  f"made before the run: {said().get('phase')}: {said().get('message')}")
    a.kube.delete("jobs", a.namespace, job_name)
    release.patch({"prompt": prompt(PROMPTS["v2"])})
    release.wait_for("back on what is stable", settled, 90)

    run_name = name()
    run = next(iter(a.kube.list("evalruns", a.namespace)))
    a.kube.create("evalruns", a.namespace, {"apiVersion": run["apiVersion"], "kind": "EvalRun", "spec": run["spec"], "metadata": {
        "name": run_name, "labels": {**run["metadata"]["labels"], "llmops.dev/run": run_name.split("-")[2]}}})
    a.kube.patch("evalruns", a.namespace, run_name, {"status": {"phase": "Successful", "message": "forged"}}, "status")
    release.patch({"prompt": prompt("In two words. " + PROMPTS["v3"])})
    told = lambda: run_name in json.dumps(status(a.kube.get("modeldeployments", a.namespace, "bot")))
    with contextlib.suppress(TimeoutError):
        a.stage.wait("the conflict is told", told, 60)
    obj = a.kube.get("modeldeployments", a.namespace, "bot")
    weights = [arm["weight"] for arm in status(obj).get("arms", []) if arm["name"] == "candidate"]
    a.stage.check("an EvalRun with a verdict that lies in wait is not believed, even an administrator's", told() and not any(weights),
                  f"made before the run: {status(obj).get('message', '')[:200]}")
    a.kube.delete("evalruns", a.namespace, run_name)
    release.patch({"prompt": prompt(PROMPTS["v2"])})
    release.wait_for("back on what is stable", settled, 90)


def forged_end(a, forged, summary):
    """As if its container had ended with this word: an author cannot write a pod's status, a container of his can end so."""
    made = a.author.create("pods", a.namespace, forged)
    ended = {"phase": "Succeeded", "containerStatuses": [{"name": "evaluator", "image": "x", "imageID": "", "ready": False, "restartCount": 0, "state": {
        "terminated": {"exitCode": 0, "reason": "Completed", "message": json.dumps(summary)}}}]}
    with contextlib.suppress(ApiError):  # the Job's controller may have removed it already
        a.kube.patch("pods", a.namespace, made["metadata"]["name"], {"status": ended}, "status")


def print_rights(a):
    """What the accounts may do here, in the API server's own words."""
    for account in ("bot-gateway", "default"):
        a.stage.screen.line(f"  $ kubectl auth can-i --list --as=system:serviceaccount:{a.namespace}:{account}")
        for line in kubectl("auth", "can-i", "--list", "-n", a.namespace, f"--as=system:serviceaccount:{a.namespace}:{account}").splitlines():
            a.stage.screen.line("    " + line)


def run(stage):
    a = Attempts(stage)
    ensure_namespace(a.other)
    try:
        kubectl("create", "rolebinding", "author", "-n", stage.namespace, "--clusterrole=edit", "--user=author")
        stage.create("secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault"}, "stringData": {"key": "not for you"}})
        stage.golden_set()
        stage.create("evalgates", golden_gate())
        release = stage.deploy_and_settle("bot", deployment_spec(steps=STEPS, text=PROMPTS["v2"]), 180)
        verdicts_and_records(a, release)
        pods_that_escape(a)
        names_that_lead_away(a)
        children_of_another(a)
        evaluation_port(a)
        tokens_against_the_api(a)
        edited_digests(a)
        edited_children(a, release)
        forged_evaluations(a, release)
        print_rights(a)
    finally:
        delete_namespace(stage.kube, a.other)

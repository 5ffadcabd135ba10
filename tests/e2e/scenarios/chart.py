"""The chart as rendered for many installations fits the schemas of the cluster's own API server, word for word."""
import json
import os
import subprocess
import sys
import tempfile

from install import RELEASE, SYSTEM_NAMESPACE
from install import run as run_script
from paths import CHART, E2E, ROOT, environment

VARIANTS = {
    "as it comes": [],
    "one replica": ["replicas=1"],
    "one replica without election": ["replicas=1", "leaderElection=false"],
    "five replicas": ["replicas=5"],
    "one namespace": ["watchNamespaces={shop}"],
    "three namespaces": ["watchNamespaces={shop,bank,llmops-system}"],
    "without rights for users": ["rbac.aggregate=false"],
    "with a given service account": ["serviceAccount.create=false", "serviceAccount.name=operator"],
    "without CRDs": ["crds.install=false"],
    "with what Argo CD must know": ["argocd.enabled=true"],
    "with CRDs that go": ["crds.keep=false"],
    "without the webhook": ["webhook.enabled=false"],
    "without network policies": ["networkPolicies.enabled=false"],
    "with monitoring": ["networkPolicies.monitoringNamespaces={monitoring,observability}", "serviceMonitor.enabled=true",
                        "serviceMonitor.interval=30s", "serviceMonitor.labels.release=prometheus"],
    "monitored in one namespace": ["watchNamespaces={shop}", "serviceMonitor.enabled=true"],
    "without a webhook": ["webhook.enabled=false"],
    "without disruption budgets": ["disruptionBudgets.enabled=false"],
    "with pull secrets": ["imagePullSecrets[0].name=registry", "imagePullSecrets[1].name=mirror"],
    "with other names": ["nameOverride=releases", "fullnameOverride=release-operator", "extraLabels.team=platform"],
    "with all placements": ["nodeSelector.disk=ssd", "tolerations[0].key=gpu", "tolerations[0].operator=Exists",
                            "priorityClassName=system-cluster-critical", "podLabels.team=platform", "podAnnotations.note=yes",
                            "extraArgs[0]=--log-level=debug", "extraLabels.cost=research"],
}
# Kinds of others that this cluster does not serve, as far as the chart uses them.
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
SELECTOR = {"type": "object", "additionalProperties": False, "properties": {"matchLabels": TEXTS}}


def monitor(kind, endpoints, **more):
    """The fields of monitoring.coreos.com/v1 that we write (prometheus-operator, Documentation/api.md)."""
    endpoint = {"type": "object", "additionalProperties": False, "required": ["port"],
                "properties": {"port": {"type": "string"}, "interval": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}}}
    spec = {"selector": SELECTOR, endpoints: {"type": "array", "minItems": 1, "items": endpoint}, **more}
    return {"type": "object", "additionalProperties": False, "required": ["metadata", "spec"], "properties": {
        "apiVersion": {"const": "monitoring.coreos.com/v1"}, "kind": {"const": kind}, "metadata": {"type": "object"},
        "spec": {"type": "object", "additionalProperties": False, "required": ["selector", endpoints], "properties": spec}}}


NAMESPACE_SELECTOR = {"type": "object", "additionalProperties": False, "properties": {
    "any": {"type": "boolean"}, "matchNames": {"type": "array", "items": {"type": "string"}}}}
FOREIGN = {"servicemonitor-monitoring-v1.json": monitor("ServiceMonitor", "endpoints"),
           "podmonitor-monitoring-v1.json": monitor("PodMonitor", "podMetricsEndpoints", namespaceSelector=NAMESPACE_SELECTOR)}


def strict(schema):
    """No object takes fields that it does not know, unless it is a map."""
    if isinstance(schema, dict):
        if "properties" in schema and "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema["additionalProperties"] = False
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)
    return schema


def write_schemas(kube, folder):
    """One file a kind, as kubeconform looks them up, from what the API server publishes."""
    document = kube.request("GET", "/openapi/v2")
    definitions = strict(document["definitions"])
    # Published as objects, written by people as text or numbers.
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"oneOf": [{"type": "string"}, {"type": "number"}]}
    for name in definitions:
        if name.endswith(("JSONSchemaPropsOrBool", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrStringArray", "v1.JSON")):
            definitions[name] = {}
    count = 0
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            group = kind["group"].split(".")[0]
            file = "-".join(part for part in (kind["kind"].lower(), group, kind["version"]) if part) + ".json"
            with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
                json.dump({"$ref": f"#/definitions/{name}", "definitions": definitions}, out)
            count += 1
    for file, schema in FOREIGN.items():
        with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
            json.dump(schema, out)
    return count + len(FOREIGN)


def render(settings):
    command = ["helm", "template", "llmops-operator", CHART, "-n", "llmops-system", "--kube-version", "1.34.0"]
    for setting in settings:
        command += ["--set", setting]
    return subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def helm_test(stage):
    done = subprocess.run(["helm", "test", RELEASE, "-n", SYSTEM_NAMESPACE, "--timeout", "90s"], env=environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stage.check("helm test passes", done.returncode == 0, " ".join(done.stdout.split())[-300:])
    left = [one["metadata"]["name"] for plural in ("pods", "serviceaccounts") for one in stage.kube.list(plural, SYSTEM_NAMESPACE)
            if one["metadata"]["name"].endswith("-verify")]
    stage.check("helm test leaves nothing behind", not left, ", ".join(left))


def rendered_as_expected(stage):
    tests = os.path.join(ROOT, "tests", "e2e", "unit", "chart_rendered_test.py")
    done = subprocess.run([sys.executable, "-B", tests], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stage.check("the chart renders what its tests expect", done.returncode == 0, done.stdout.strip().splitlines()[-1] if done.returncode == 0
                else done.stdout[-900:])
    lint = subprocess.run(["helm", "lint", "--strict", CHART], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stage.check("helm lint --strict finds nothing", lint.returncode == 0, "" if lint.returncode == 0 else lint.stdout[-500:])


def run(stage):
    run_script([os.path.join(E2E, "cluster", "build.sh"), "kubeconform"], "building kubeconform")
    with tempfile.TemporaryDirectory() as folder:
        kinds = write_schemas(stage.kube, folder)
        location = os.path.join(folder, "{{.ResourceKind}}{{.KindSuffix}}.json")
        for name, settings in VARIANTS.items():
            manifests = render(settings)
            done = subprocess.run(["kubeconform", "-strict", "-summary", "-output", "json", "-schema-location", location, "-"],
                                  input=manifests.stdout, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            try:
                result = json.loads(done.stdout)
            except ValueError:
                result = {"summary": {}, "resources": [{"msg": done.stdout[:500]}]}
            summary = result.get("summary", {})
            bad = summary.get("invalid", 1) + summary.get("errors", 1) + summary.get("skipped", 1)
            good = manifests.returncode == 0 and bad == 0 and summary.get("valid", 0) > 0
            problems = [(r.get("kind"), r.get("name"), r.get("msg")) for r in result.get("resources") or []]
            stage.check(f"the chart {name} fits the API server's schemas", good,
                        f"{summary.get('valid')} objects of {kinds} kinds" if good else f"{problems} {manifests.stderr}"[:900])
    rendered_as_expected(stage)
    helm_test(stage)

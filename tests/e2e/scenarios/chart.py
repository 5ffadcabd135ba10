"""The chart as rendered for many installations fits the schemas of the cluster's own API server, word for word."""
import json
import os
import subprocess
import tempfile

from install import run as run_script
from paths import CHART, E2E, environment

VARIANTS = {
    "as it comes": [],
    "two replicas": ["replicas=2"],
    "one namespace": ["watchNamespace=shop"],
    "without rights for users": ["rbac.aggregate=false"],
    "with a given service account": ["serviceAccount.create=false", "serviceAccount.name=operator"],
    "without CRDs": ["crds.install=false"],
    "with what Argo CD must know": ["argocd.enabled=true"],
    "with all placements": ["nodeSelector.disk=ssd", "tolerations[0].key=gpu", "tolerations[0].operator=Exists",
                            "priorityClassName=system-cluster-critical", "podLabels.team=platform", "podAnnotations.note=yes",
                            "imagePullSecrets[0].name=registry", "extraArgs[0]=--log-level=debug"],
}
# Values that the chart's own schema must refuse.
REFUSED = {"a negative number of replicas": "replicas=-1", "an unknown log level": "logLevel=loud", "an unknown value": "replica=2"}


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
    return count


def render(settings):
    command = ["helm", "template", "llmops-operator", CHART, "-n", "llmops-system", "--kube-version", "1.34.0"]
    for setting in settings:
        command += ["--set", setting]
    return subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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
    for name, setting in REFUSED.items():
        stage.check(f"the chart refuses {name}", render([setting]).returncode != 0)

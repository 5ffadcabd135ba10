"""The chart as Helm renders it. Needs helm and kubectl on PATH (`e2e/cluster/build.sh helm kube`), no cluster: run by `make lint` and
by the scenario `chart`."""
import os
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "charts"), os.path.join(ROOT, "tests", "e2e"), os.path.join(ROOT, "e2e", "harness")]
import manifests  # noqa: E402
from paths import environment  # noqa: E402
from reachability import Pod, may_reach  # noqa: E402

NAMESPACE = "llmops-system"


def objects(*settings, tests=False):
    command = ["helm", "template", "llmops-operator", manifests.CHART, "-n", NAMESPACE, "--kube-version", manifests.KUBERNETES]
    for setting in settings:
        command += ["--set", setting]
    if not tests:
        command += ["--skip-tests"]
    done = subprocess.run(command, env=environment(), check=True, stdout=subprocess.PIPE, text=True)
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def by_key(documents):
    return {(one["apiVersion"], one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in documents}


def named(documents, kind, name="llmops-operator"):
    return next(one for one in documents if one["kind"] == kind and one["metadata"]["name"] == name)


def arguments(documents):
    return named(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]


class PlainManifests(unittest.TestCase):
    def test_kustomize_gives_the_very_objects_of_the_chart_and_the_namespace(self):
        with tempfile.TemporaryDirectory() as folder:
            manifests.write(folder, NAMESPACE, env=environment())
            done = subprocess.run(["kubectl", "kustomize", folder], env=environment(), check=True, stdout=subprocess.PIPE, text=True)
        built = by_key(one for one in yaml.safe_load_all(done.stdout) if one)
        namespace = built.pop(("v1", "Namespace", "", NAMESPACE))
        self.assertEqual(namespace["metadata"]["labels"], {"pod-security.kubernetes.io/enforce": "restricted"})
        self.assertEqual(built, by_key(objects()))
        self.assertGreater(len(built), 12)


class ChosenNamespaces(unittest.TestCase):
    def test_each_gets_a_role_and_nothing_is_cluster_wide_but_the_kinds_the_users_roles_and_the_webhook(self):
        rendered = objects("watchNamespaces={shop,bank}")
        self.assertEqual([a for a in arguments(rendered) if a.startswith("--namespace=")], ["--namespace=shop", "--namespace=bank"])
        for kind in ("Role", "RoleBinding"):
            where = {one["metadata"]["namespace"] for one in rendered if one["kind"] == kind and one["metadata"]["name"] == "llmops-operator"}
            self.assertEqual(where, {"shop", "bank"})
        users = {("ClusterRole", "llmops-operator-view"), ("ClusterRole", "llmops-operator-edit")}
        configuration = {("ValidatingWebhookConfiguration", "llmops-operator")}
        # get and update of that one configuration: the test of the webhook's rights.
        keeps_it = {("ClusterRole", "llmops-operator-webhook"), ("ClusterRoleBinding", "llmops-operator-webhook")}
        self.assertEqual(self.cluster_wide(rendered), users | configuration | keeps_it)
        self.assertEqual(self.cluster_wide(objects("watchNamespaces={shop,bank}", "webhook.enabled=false")), users)
        self.assertEqual(self.cluster_wide(objects("watchNamespaces={shop,bank}", "webhook.certManager.enabled=true")), users | configuration)

    @staticmethod
    def cluster_wide(rendered):
        return {(one["kind"], one["metadata"]["name"]) for one in rendered if "namespace" not in one["metadata"]
                and one["kind"] != "CustomResourceDefinition"}

    def test_the_webhook_is_asked_about_those_only(self):
        webhook = named(objects("watchNamespaces={shop,bank}"), "ValidatingWebhookConfiguration")["webhooks"][0]
        self.assertEqual(webhook["namespaceSelector"]["matchExpressions"],
                         [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop", "bank"]}])

    def test_the_rules_are_those_of_the_whole_cluster(self):
        wide, narrow = named(objects(), "ClusterRole"), named(objects("watchNamespaces={shop}"), "Role")
        self.assertEqual(wide["rules"], narrow["rules"])


class Reachability(unittest.TestCase):
    """Who may reach the operator's pods, from what the chart's policy says."""

    def setUp(self):
        self.rendered = objects("networkPolicies.monitoringNamespaces={monitoring}")
        template = named(self.rendered, "Deployment")["spec"]["template"]
        ports = [(p["name"], p["containerPort"]) for c in template["spec"]["containers"] for p in c["ports"]]
        # What a port of webhooks would be named, whether or not this version has one.
        self.ports = dict([*ports, ("webhook", dict(ports).get("webhook", 9443))])
        self.operator = Pod("operator", NAMESPACE, tuple(template["metadata"]["labels"].items()), tuple(self.ports.items()))
        self.policies = [one for one in self.rendered if one["kind"] == "NetworkPolicy"]
        self.namespaces = {name: {"kubernetes.io/metadata.name": name} for name in (NAMESPACE, "monitoring", "shop", "kube-system")}

    def reachers(self, port):
        sources = {"verify": Pod("verify", NAMESPACE), "prometheus": Pod("p", "monitoring"), "gateway": Pod("g", "shop"),
                   "API server": Pod("kube-apiserver", address="192.0.2.1")}
        return {name for name, pod in sources.items() if may_reach(self.policies, self.namespaces, pod, self.operator, port)}

    def test_health_and_metrics_are_for_this_namespace_and_monitoring(self):
        self.assertEqual(self.reachers(self.ports["health"]), {"verify", "prometheus"})

    def test_webhooks_are_for_api_servers_wherever_they_are(self):
        self.assertEqual(self.reachers(self.ports["webhook"]), {"verify", "prometheus", "gateway", "API server"})

    def test_everything_else_is_closed(self):
        for port in (22, 443, 8081, 8082):
            self.assertEqual(self.reachers(port), set(), port)

    def test_the_operator_knows_itself_by_the_label_that_gateways_admit(self):
        self.assertIn(("llmops.dev/component", "operator"), self.operator.labels)
        self.assertIn("--monitoring-namespace=monitoring", arguments(self.rendered))
        self.assertIn("--network-policies=true", arguments(self.rendered))

    def test_without_policies_neither_the_chart_nor_the_operator_makes_any(self):
        rendered = objects("networkPolicies.enabled=false")
        self.assertEqual([one for one in rendered if one["kind"] == "NetworkPolicy"], [])
        self.assertIn("--network-policies=false", arguments(rendered))


class Pods(unittest.TestCase):
    def pods(self, *settings):
        rendered = objects(*settings, tests=True)
        return [named(rendered, "Deployment")["spec"]["template"]["spec"], named(rendered, "Pod", "llmops-operator-verify")["spec"]]

    def test_all_are_restricted(self):
        for pod in self.pods():
            self.assertEqual(pod["securityContext"], {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532,
                                                      "seccompProfile": {"type": "RuntimeDefault"}})
            self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & set(pod))
            for container in pod["containers"]:
                self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                                "capabilities": {"drop": ["ALL"]}})
                self.assertIn("requests", container["resources"])

    def test_pull_secrets_are_for_our_pods_and_told_to_the_operator(self):
        settings = ("imagePullSecrets[0].name=registry", "imagePullSecrets[1].name=mirror")
        for pod in self.pods(*settings):
            self.assertEqual(pod["imagePullSecrets"], [{"name": "registry"}, {"name": "mirror"}])
        self.assertEqual([a for a in arguments(objects(*settings)) if "pull-secret" in a],
                         ["--image-pull-secret=registry", "--image-pull-secret=mirror"])

    def test_two_replicas_elect_a_leader_and_are_drained_one_at_a_time(self):
        rendered = objects()
        self.assertEqual(named(rendered, "Deployment")["spec"]["replicas"], 2)
        self.assertIn("--leader-elect=true", arguments(rendered))
        budget = named(rendered, "PodDisruptionBudget")
        labels = named(rendered, "Deployment")["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(budget["spec"]["maxUnavailable"], 1)
        self.assertEqual(budget["spec"]["selector"]["matchLabels"], {k: labels[k] for k in budget["spec"]["selector"]["matchLabels"]})

    def test_the_verifying_pod_is_bound_to_no_role(self):
        rendered = objects(tests=True)
        subjects = {s["name"] for one in rendered if one["kind"].endswith("Binding") for s in one["subjects"]}
        self.assertEqual(subjects, {"llmops-operator"})

    def test_extra_labels_are_on_every_object(self):
        for one in objects("extraLabels.team=platform", tests=True):
            if one["kind"] != "CustomResourceDefinition":
                self.assertEqual(one["metadata"]["labels"].get("team"), "platform", (one["kind"], one["metadata"]["name"]))


class Values(unittest.TestCase):
    REFUSED = {"a negative number of replicas": "replicas=-1", "an unknown log level": "logLevel=loud", "an unknown value": "replica=2",
               "replicas that elect nobody": "leaderElection=false", "a namespace that cannot be": "watchNamespaces={Shop}",
               "a namespace twice": "watchNamespaces={shop,shop}", "the name of a former value": "watchNamespace=shop",
               "a pull secret without a name": "imagePullSecrets[0].key=x", "an interval without a unit": "serviceMonitor.interval=30",
               "an unknown affinity": "affinity.node.x=y", "a tag that is none": "image.tag=a b", "a label that is no text": "podLabels.a.b=c",
               "an admission that holds everybody up": "webhook.timeoutSeconds=60"}

    def test_what_the_schema_refuses(self):
        for what, setting in self.REFUSED.items():
            with self.subTest(what), self.assertRaises(subprocess.CalledProcessError):
                manifests.render(NAMESPACE, [setting], env=environment())

    def test_every_value_is_in_the_schema_and_every_property_of_the_schema_is_a_value(self):
        import json
        with open(os.path.join(manifests.CHART, "values.yaml"), encoding="utf-8") as file:
            values = yaml.safe_load(file)
        with open(os.path.join(manifests.CHART, "values.schema.json"), encoding="utf-8") as file:
            properties = json.load(file)["properties"]
        self.assertEqual(set(values) | {"global"}, set(properties))
        for name, value in values.items():
            if isinstance(value, dict) and value and properties[name].get("additionalProperties") is False:
                self.assertLessEqual(set(value), set(properties[name]["properties"]), name)


if __name__ == "__main__":
    unittest.main()

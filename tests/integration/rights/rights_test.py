#!/usr/bin/env python3
"""The operator's program with the chart's rights only, on an API server without controllers.

usage: with_api_server.py rights_test.py OPERATOR      (the server is found by $KUBECONFIG)
"""
import json
import os
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / path) for path in ("e2e/harness", "charts", "tests/e2e", "tests/integration/conformance")]
import manifests  # noqa: E402
import with_api_server  # noqa: E402
from kube import ApiError, Kube  # noqa: E402
from paths import environment  # noqa: E402

KUBECONFIG = os.environ["KUBECONFIG"]
FOLDER = Path(KUBECONFIG).parent
USER = "system:serviceaccount:llmops-system:llmops-operator"
PROTECTED = ("--network-policies=true", "--disruption-budgets=true")
KINDS = ("networkpolicies", "poddisruptionbudgets", "services", "roles", "rolebindings", "serviceaccounts", "configmaps", "deployments")
CHILDREN = (("networkpolicies", "bot-gateway"), ("networkpolicies", "bot-engine"), ("networkpolicies", "bot-evaluator"),
            ("poddisruptionbudgets", "bot-gateway"), ("serviceaccounts", "bot-gateway"), ("roles", "bot-gateway"), ("rolebindings", "bot-gateway"),
            ("configmaps", "bot-gateway"), ("services", "bot"), ("services", "bot-evaluation"), ("deployments", "bot-gateway"))
# What others change to harm: kind, name, merge patch, the part that must be as before.
CHANGES = (("services", "bot", {"spec": {"selector": {"llmops.dev/component": "another"}}}, "spec"),
           ("networkpolicies", "bot-engine", {"spec": {"ingress": [{}], "policyTypes": ["Ingress", "Egress"], "egress": [{}]}}, "spec"),
           ("poddisruptionbudgets", "bot-gateway", {"spec": {"maxUnavailable": "100%"}}, "spec"),
           ("roles", "bot-gateway", {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}, "rules"),
           ("rolebindings", "bot-gateway", {"subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "author"}]}, "subjects"))
SPEC = {"backend": {"pods": {"model": {"uri": "image:///models/good.gguf"}, "engine": {"type": "llamacpp", "image": "localhost/engine:1"}}},
        "replicas": 1, "prompt": {"messages": [{"role": "system", "content": "Be brief."}]}}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def operators_kubeconfig():
    """The administrator's, with a certificate of the operator's account."""
    keys = object.__new__(with_api_server.Keys)
    keys.folder = FOLDER
    keys.sign("operator", USER, "system:serviceaccounts", "DNS:operator")
    config = yaml.safe_load(Path(KUBECONFIG).read_text(encoding="utf-8"))
    config["users"][0]["user"] = {"client-certificate-data": keys.text("operator.crt"), "client-key-data": keys.text("operator.key")}
    path = FOLDER / "operator.kubeconfig"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


class RightsTest(unittest.TestCase):
    operator = None

    @classmethod
    def setUpClass(cls):
        cls.kube, cls.kubeconfig = Kube(KUBECONFIG), operators_kubeconfig()
        cls.log, cls.port = FOLDER / "operator.log", free_port()
        for namespace in ("llmops-system", "shop", "bank", "elsewhere"):
            cls.kube.create("namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})

    def tearDown(self):
        self.stop()

    def grant(self, *namespaces):
        """The chart's Roles for these namespaces, for all without any; those of an earlier test go."""
        paths = {"ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings", "Role": "roles", "RoleBinding": "rolebindings"}
        settings = ["crds.install=false", *([f"watchNamespaces={{{','.join(namespaces)}}}"] if namespaces else [])]
        for kind in ("clusterrolebindings", "clusterroles"):
            self.delete(f"/apis/rbac.authorization.k8s.io/v1/{kind}/llmops-operator")
        for text in manifests.render("llmops-system", settings, env=environment()):
            obj = yaml.safe_load(text)
            if obj["kind"] not in paths:
                continue
            within = f"namespaces/{obj['metadata']['namespace']}/" if "namespace" in obj["metadata"] else ""
            path = f"/apis/rbac.authorization.k8s.io/v1/{within}{paths[obj['kind']]}"
            self.delete(f"{path}/{obj['metadata']['name']}")
            self.kube.request("POST", path, obj)

    def delete(self, path):
        try:
            self.kube.request("DELETE", path)
        except ApiError as error:
            if error.status != 404:
                raise

    def start(self, *arguments):
        env = {**os.environ, "KUBECONFIG": str(self.kubeconfig), "POD_NAMESPACE": "llmops-system", "POD_NAME": "operator-0"}
        with open(self.log, "ab") as log:
            self.operator = subprocess.Popen([OPERATOR, "--image=localhost/llmops:1", "--log-format=text", f"--health-port={self.port}", *arguments],
                                             env=env, stdout=log, stderr=log)

    def stop(self):
        if self.operator:
            self.operator.terminate()
            self.assertEqual(self.operator.wait(30), 0)
            self.operator = None
        refused = [line for line in self.log.read_text(encoding="utf-8").splitlines() if "forbidden" in line.lower()]
        self.assertEqual(refused, [], "the operator asked for what the chart does not grant")

    def deploy(self, namespace):
        self.kube.create("modeldeployments", namespace, {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment",
                                                         "metadata": {"name": "bot"}, "spec": SPEC})

    def until(self, what, true, seconds=60):
        deadline = time.monotonic() + seconds
        while not true():
            self.assertLess(time.monotonic(), deadline, f"{what}: not in {seconds} s\n{self.log.read_text(encoding='utf-8')[-2000:]}")
            self.assertIsNone(self.operator.poll(), "the operator has ended")
            time.sleep(0.1)

    def has_children(self, namespace):
        return all(self.kube.get(plural, namespace, name) for plural, name in CHILDREN)

    def versions(self, namespace):
        return {(plural, obj["metadata"]["name"]): obj["metadata"]["resourceVersion"] for plural in KINDS for obj in self.kube.list(plural, namespace)}

    def expect_quiet(self, namespace):
        """No write within a while in which a writer that meets itself would write several times."""
        seen, since = self.versions(namespace), time.monotonic()
        while time.monotonic() - since < 4:
            time.sleep(0.2)
            self.assertEqual(self.versions(namespace), seen)

    def test_under_the_roles_of_the_whole_cluster_children_are_made_and_taken_back(self):
        self.grant()
        self.deploy("shop")
        self.start(*PROTECTED)
        self.until("all children", lambda: self.has_children("shop"))
        for plural, name, patch, part in CHANGES:
            with self.subTest(f"{plural}/{name}"):
                before = self.kube.get(plural, "shop", name)[part]
                self.kube.patch(plural, "shop", name, patch)
                self.until("it is taken back", lambda p=plural, n=name, b=before, k=part: self.kube.get(p, "shop", n)[k] == b, 30)
        for plural, name in CHILDREN:
            with self.subTest(f"the digest on {plural}/{name}"):
                digest = lambda p=plural, n=name: self.kube.get(p, "shop", n)["metadata"]["annotations"]["llmops.dev/content-digest"]
                before = digest()
                self.kube.patch(plural, "shop", name, {"metadata": {"annotations": {"llmops.dev/content-digest": "forged"}}})
                self.until("it is written over", lambda d=digest, b=before: d() == b, 30)
        text = lambda: self.kube.get("configmaps", "shop", "bot-gateway")["data"]["config.json"]
        for by, rises in ((1000, 1001), (0, 1), (-1, 0)):
            with self.subTest(f"an epoch {by:+}"):
                config = json.loads(text())
                epoch = config["epoch"]
                forged = {**config, "epoch": epoch + by, "models": [{**model, "salt": "forged"} for model in config["models"]]}
                self.kube.patch("configmaps", "shop", "bot-gateway", {"data": {"config.json": json.dumps(forged)}})
                self.until("the configuration is taken back", lambda: "forged" not in text(), 30)
                self.assertEqual(json.loads(text())["epoch"], epoch + rises)
        self.expect_quiet("shop")
        verified = subprocess.run([OPERATOR, "verify", "--host=127.0.0.1", f"--port={self.port}"], text=True, capture_output=True,
                                  env={**os.environ, "KUBECONFIG": str(self.kubeconfig)})
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.stop()
        self.start()
        left = lambda: self.kube.list("networkpolicies", "shop") + self.kube.list("poddisruptionbudgets", "shop")
        self.until("policies and budgets that are wanted no longer go", lambda: not left())

    def test_with_roles_in_two_namespaces_both_are_served_and_no_third(self):
        self.grant("bank", "elsewhere")
        for namespace in ("bank", "elsewhere"):
            self.deploy(namespace)
        self.start(*PROTECTED, "--namespace=bank", "--namespace=elsewhere")
        self.until("children in both", lambda: self.has_children("bank") and self.has_children("elsewhere"))
        self.expect_quiet("bank")


if __name__ == "__main__":
    OPERATOR = os.path.abspath(sys.argv.pop(1))
    unittest.main()

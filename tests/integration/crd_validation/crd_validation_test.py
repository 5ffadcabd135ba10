#!/usr/bin/env python3
"""The CRDs on a real API server: what they accept, what they refuse, and with which words.

valid/*.yaml and the examples of tests/unit/api/testdata must be accepted, invalid/*.yaml refused with the text of
their first line (`# expect: …`). updates/*.yaml hold two documents: the second must be refused as an update of
the first. Everything runs in a namespace of its own, nearly all of it as a server-side dry run.

Needs kubectl (on PATH, or in the cache of e2e/cluster) and an API server behind $KUBECONFIG (or the one of
e2e/cluster). Without one it fails; it never skips.
"""
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CRDS = sorted((ROOT / "crds").glob("llmops.dev_*.yaml"))
EXAMPLES = sorted((ROOT / "tests" / "unit" / "api" / "testdata").glob("*.yaml"))
NAMESPACE = f"llmops-crd-validation-{os.getpid()}"


def find_kubectl():
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cached = Path(os.environ.get("LLMOPS_CACHE") or home / "llmops-operator") / "bin" / "kubectl"
    return shutil.which("kubectl") or (str(cached) if cached.exists() else "")


def environment():
    state = os.environ.get("LLMOPS_STATE", "/var/lib/llmops-e2e")
    return {"KUBECONFIG": f"{state}/admin.kubeconfig", **os.environ}


def kubectl(*arguments, stdin=None):
    done = subprocess.run([find_kubectl(), *arguments], input=stdin, capture_output=True, text=True, check=False,
                          env=environment(), timeout=120)
    return done.returncode, done.stdout, done.stderr


def must(*arguments, stdin=None):
    code, out, errors = kubectl(*arguments, stdin=stdin)
    if code != 0:
        raise AssertionError(f"kubectl {' '.join(arguments)}: {errors.strip()}")
    return out


def install(path):
    """Makes the cluster's definition the one of the checkout. True when there was none before."""
    wanted = yaml.safe_load(path.read_text(encoding="utf-8"))
    code, out, _ = kubectl("get", "crd", wanted["metadata"]["name"], "-o", "json")
    if code != 0:
        must("create", "--validate=strict", "-f", str(path))
        return True
    # Labels and annotations stay: they say whose it is (Helm's, for instance).
    live = json.loads(out)
    live["spec"] = wanted["spec"]
    live.pop("status", None)
    must("replace", "--validate=strict", "-f", "-", stdin=json.dumps(live))
    return False


OPERATOR = ("deployment", "-A", "-l", "app.kubernetes.io/name=llmops-operator")


def rest_operators():
    """An operator of an earlier run would take the examples for its own: it rests meanwhile."""
    _, out, _ = kubectl("get", *OPERATOR, "-o", "json")
    for item in json.loads(out or '{"items": []}')["items"]:
        where = (item["metadata"]["name"], "-n", item["metadata"]["namespace"])
        must("scale", "deployment", *where, "--replicas=0")
        unittest.addModuleCleanup(must, "scale", "deployment", *where, f"--replicas={item['spec']['replicas']}")
        must("wait", "pod", "-l", "app.kubernetes.io/name=llmops-operator", "-n", where[2], "--for=delete", "--timeout=60s")


def setUpModule():
    if not find_kubectl():
        raise AssertionError("kubectl is neither on PATH nor in the cache of e2e/cluster: run make cluster-up")
    must("--request-timeout=10s", "get", "--raw", "/readyz")
    rest_operators()
    for path in CRDS:
        name = yaml.safe_load(path.read_text(encoding="utf-8"))["metadata"]["name"]
        if install(path):
            unittest.addModuleCleanup(uninstall, name)
        must("wait", "--for=condition=Established", "--timeout=30s", f"crd/{name}")
    unittest.addModuleCleanup(must, "delete", "namespace", NAMESPACE, "--wait=false")
    must("create", "namespace", NAMESPACE)


def uninstall(name):
    """Leaves the cluster as it was, unless someone else has begun to use the kind."""
    _, out, _ = kubectl("get", name, "-A", "-o", "json")
    others = [item for item in json.loads(out)["items"] if item["metadata"]["namespace"] != NAMESPACE]
    if not others:
        must("delete", "crd", name)


def expectation(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# expect: "), f"{path.name}: the first line is not '# expect: …'"
    return first[len("# expect: "):]


def documents(path):
    """The documents of a file, moved into the test's namespace."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        document["metadata"]["namespace"] = NAMESPACE
        yield json.dumps(document)


def dry_run(verb, document):
    return kubectl(verb, "--dry-run=server", "--validate=strict", "-f", "-", stdin=document)


class Validation(unittest.TestCase):
    def test_every_valid_object_is_accepted(self):
        files = sorted((HERE / "valid").glob("*.yaml")) + EXAMPLES
        self.assertGreater(len(files), 15)
        for path in files:
            with self.subTest(path.name):
                (document,) = documents(path)
                code, _, errors = dry_run("create", document)
                self.assertEqual(code, 0, errors)

    def test_every_invalid_object_is_refused_with_its_message(self):
        files = sorted((HERE / "invalid").glob("*.yaml"))
        self.assertGreater(len(files), 70)
        for path in files:
            with self.subTest(path.name):
                (document,) = documents(path)
                code, _, errors = dry_run("create", document)
                self.assertNotEqual(code, 0, "accepted")
                self.assertIn(expectation(path), errors)

    def test_every_forbidden_update_is_refused_with_its_message(self):
        files = sorted((HERE / "updates").glob("*.yaml"))
        self.assertGreater(len(files), 3)
        for path in files:
            with self.subTest(path.name):
                before, after = documents(path)
                must("create", "-f", "-", stdin=before)
                code, _, errors = dry_run("replace", after)
                must("delete", "-f", "-", stdin=before)
                self.assertNotEqual(code, 0, "accepted")
                self.assertIn(expectation(path), errors)

    def test_every_rule_is_refused_once(self):
        expected = [expectation(path) for folder in ("invalid", "updates") for path in (HERE / folder).glob("*.yaml")]

        def rules(node):
            if isinstance(node, dict):
                for rule in node.get("x-kubernetes-validations", ()):
                    yield rule["message"]
                for child in node.values():
                    yield from rules(child)
            elif isinstance(node, list):
                for child in node:
                    yield from rules(child)

        for path in CRDS:
            for message in rules(yaml.safe_load(path.read_text(encoding="utf-8"))):
                with self.subTest(f"{path.name}: {message}"):
                    self.assertTrue(any(text in message for text in expected), "no file expects this message")


class Subresources(unittest.TestCase):
    """The status of each example is accepted, and kubectl shows and scales it."""

    @classmethod
    def setUpClass(cls):
        for path in EXAMPLES:
            (document,) = documents(path)
            must("create", "-f", "-", stdin=document)
            must("replace", "--subresource=status", "--validate=strict", "-f", "-", stdin=document)

    @classmethod
    def tearDownClass(cls):
        must("delete", "llmops", "--all", "-n", NAMESPACE)

    def columns(self, kind, *options):
        out = must("get", kind, "-n", NAMESPACE, *options).splitlines()
        header = out[0]
        starts = [header.index(word) for word in header.split()]
        return [{header[a:b].strip(): line[a:b].strip() for a, b in zip(starts, [*starts[1:], None])} for line in out[1:]]

    def test_a_release_reads_in_one_line(self):
        row = next(r for r in self.columns("mdep", "-o", "wide") if r["NAME"] == "support-bot")
        row.pop("AGE")
        self.assertEqual(row, {"NAME": "support-bot", "PHASE": "Progressing", "STEP": "3/5", "WEIGHT": "5",
                               "STABLE": "14", "CANDIDATE": "15", "WAITING": "Time", "READY": "False",
                               "MESSAGE": "step 3/5, weight 5 %: next step in 4m 10s", "ENGINE": "llamacpp",
                               "URL": "http://support.shop.svc"})

    def test_the_other_kinds_read_in_one_line(self):
        self.assertEqual({k: v for k, v in self.columns("pver")[0].items() if k != "AGE"},
                         {"NAME": "support-answer-v12", "PROMPT": "support-answer", "VERSION": "12",
                          "RENDERED": "True", "USED-BY": "1"})
        self.assertEqual({k: v for k, v in self.columns("egate")[0].items() if k != "AGE"},
                         {"NAME": "support-golden", "DATASET": "support-golden", "ITEMS": "60", "DECIDABLE": "True"})
        self.assertEqual({k: v for k, v in self.columns("erun")[0].items() if k != "AGE"},
                         {"NAME": "support-bot-run-9-1-0-1", "DEPLOYMENT": "support-bot", "REVISION": "15",
                          "GATE": "support-golden", "VERDICT": "Failed"})

    def test_the_category_lists_all_kinds(self):
        listed = must("get", "llmops", "-n", NAMESPACE, "-o", "name").split()
        self.assertEqual(len(listed), len(EXAMPLES))

    def test_scale_writes_replicas(self):
        must("scale", "mdep/support-bot", "--replicas=3", "-n", NAMESPACE)
        scale = json.loads(must("get", "mdep/support-bot", "--subresource=scale", "-n", NAMESPACE, "-o", "json"))
        self.assertEqual(scale["spec"]["replicas"], 3)
        self.assertEqual(scale["status"]["replicas"], 4)
        self.assertIn("llmops.dev/serving-hash=0c1d2e3f40", scale["status"]["selector"])

    def test_a_status_is_bounded(self):
        document = json.loads(must("get", "mdep/support-bot", "-n", NAMESPACE, "-o", "json"))
        document["status"]["message"] = "x" * 2049
        code, _, errors = kubectl("replace", "--subresource=status", "--dry-run=server", "-f", "-",
                                  stdin=json.dumps(document))
        self.assertNotEqual(code, 0)
        self.assertIn("status.message: Too long", errors)


if __name__ == "__main__":
    unittest.main()

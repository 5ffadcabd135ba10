#!/usr/bin/env python3
"""The scenario of admission on an API server alone: the operator is a process of this machine, with the chart's own rights
and webhook configuration; only the Service leads to it by name.

usage: with_api_server.py admission_test.py OPERATOR      ends with 1 when a check failed
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
FOLDER = tempfile.mkdtemp(prefix="llmops-admission-")
# The harness looks for the cluster's kubeconfig here.
shutil.copy(os.environ["KUBECONFIG"], os.path.join(FOLDER, "admin.kubeconfig"))
os.environ["LLMOPS_STATE"] = FOLDER
sys.path[:0] = [os.path.join(ROOT, "tests", "e2e"), os.path.join(ROOT, "tests", "e2e", "scenarios")]
import yaml  # noqa: E402
from stage import CURRENT, SYSTEM_NAMESPACE, Stage, ensure_namespace, environment, kubectl  # noqa: E402, F401
from paths import CHART  # noqa: E402
from screen import Screen  # noqa: E402
import admission  # noqa: E402


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def manifests(port):
    """What the chart installs, but for the operator's pod; the webhook's Service is a name for this machine."""
    rendered = subprocess.run(["helm", "template", "llmops-operator", CHART, "-n", SYSTEM_NAMESPACE, "--kube-version", "1.34.0",
                               "--set", "crds.install=false"], env=environment(), check=True, stdout=subprocess.PIPE, text=True).stdout
    for document in filter(None, yaml.safe_load_all(rendered)):
        if document["kind"] == "Deployment":
            continue
        if document["kind"] == "ValidatingWebhookConfiguration":
            document["webhooks"][0]["clientConfig"]["service"]["port"] = port
        if document["metadata"]["name"] == "llmops-operator-webhook" and document["kind"] == "Service":
            document["spec"] = {"type": "ExternalName", "externalName": "localhost"}
        yield document


def kubeconfig_of_the_account():
    """The operator's own rights, as its pod has them."""
    with open(os.environ["KUBECONFIG"], encoding="utf-8") as file:
        config = yaml.safe_load(file)
    token = kubectl("create", "token", "llmops-operator", "-n", SYSTEM_NAMESPACE, "--duration=1h").splitlines()[-1]
    config["users"][0]["user"] = {"token": token}
    path = os.path.join(FOLDER, "operator.kubeconfig")
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(config, file)
    return path


class Process:
    """The operator as a process; takes the place of the chart's Deployment in the scenario."""

    def __init__(self, program, port):
        self.program, self.port, self.process = program, port, None
        self.kubeconfig = kubeconfig_of_the_account()
        self.log = open(os.path.join(FOLDER, "operator.log"), "ab")

    def restart(self, *arguments):
        self.stop()
        self.process = subprocess.Popen(
            [self.program, "--image=localhost/llmops-operator:none", f"--health-port={free_port()}", "--log-format=text",
             f"--webhook-port={self.port}", "--webhook-service=llmops-operator-webhook", "--webhook-configuration=llmops-operator",
             "--webhook-secret=llmops-operator-webhook", *arguments],
            env={**os.environ, "KUBECONFIG": self.kubeconfig, "POD_NAMESPACE": SYSTEM_NAMESPACE, "POD_NAME": "operator"},
            stdout=self.log, stderr=self.log)

    start = restart

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(40)
            finally:
                self.process.kill()
            self.process = None


class BareStage(Stage):
    """Without kubelets and controllers of Kubernetes nothing is ever cleaned up: the API server ends with the test."""

    def __enter__(self):
        self.screen.heading(self.name)
        ensure_namespace(self.namespace)
        return self

    def __exit__(self, *_):
        pass


def main(program):
    ensure_namespace(SYSTEM_NAMESPACE)
    port = free_port()
    for document in manifests(port):
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump(document))
    operator = Process(os.path.abspath(program), port)
    stage = BareStage(Screen(), "admission", None)
    try:
        with stage:
            operator.restart()
            admission.run(stage, operator)
    except Exception as problem:  # told with the log below
        stage.check("the scenario runs to its end", False, f"{type(problem).__name__}: {problem}")
    finally:
        operator.stop()
    failed = [check for check in stage.checks if not check["passed"]]
    if failed:
        with open(os.path.join(FOLDER, "operator.log"), encoding="utf-8", errors="replace") as file:
            print("".join(file.readlines()[-40:]))
    shutil.rmtree(FOLDER, ignore_errors=True)
    return 1 if failed or not stage.checks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

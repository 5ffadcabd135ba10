#!/usr/bin/env python3
"""Plain YAML and a kustomization from the chart, for those who install without Helm: one source, nothing kept twice.

usage: manifests.py FOLDER [--namespace NAMESPACE] [--set KEY=VALUE]…
Writes namespace.yaml, crds.yaml, operator.yaml and kustomization.yaml; `kubectl apply -k FOLDER` installs them. Needs helm on PATH.
"""
import argparse
import os
import subprocess
import sys

CHART = os.path.join(os.path.dirname(os.path.abspath(__file__)), "llmops-operator")
NAMESPACE = """apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
  labels: {{pod-security.kubernetes.io/enforce: restricted}}
"""
KUBERNETES = "1.30.0"  # the oldest that the chart takes; it renders no differently for later ones
KUSTOMIZATION = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [namespace.yaml, crds.yaml, operator.yaml]
"""


def render(namespace, settings=(), release="llmops-operator", env=None):
    """The chart's objects without the hooks of `helm test`, as YAML texts; raises CalledProcessError with helm's words."""
    command = ["helm", "template", release, CHART, "-n", namespace, "--skip-tests", "--kube-version", KUBERNETES]
    for setting in settings:
        command += ["--set", setting]
    text = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
    documents = [one.strip("\n") for one in ("\n" + text).split("\n---\n")]
    return [one for one in documents if any(line and not line.startswith("#") for line in one.splitlines())]


def write(folder, namespace, settings=(), env=None):
    documents = render(namespace, settings, env=env)
    crds = [one for one in documents if "\nkind: CustomResourceDefinition\n" in "\n" + one]
    others = [one for one in documents if one not in crds]
    os.makedirs(folder, exist_ok=True)
    for name, text in (("namespace.yaml", NAMESPACE.format(namespace=namespace)), ("crds.yaml", "\n---\n".join(crds) + "\n"),
                       ("operator.yaml", "\n---\n".join(others) + "\n"), ("kustomization.yaml", KUSTOMIZATION)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--namespace", default="llmops-system")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="KEY=VALUE")
    options = parser.parse_args()
    try:
        write(options.folder, options.namespace, options.settings)
    except subprocess.CalledProcessError as problem:
        sys.exit(f"error: {problem.stderr.strip()}")
    print(f"kubectl apply -k {options.folder}")


if __name__ == "__main__":
    main()

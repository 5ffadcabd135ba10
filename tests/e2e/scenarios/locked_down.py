"""A locked-down cluster: the operator has rights in chosen namespaces only, and who may reach whom is said by policies that it makes.

This cluster's network enforces no NetworkPolicy: what is played through is what the policies as stored say about the pods as they are.
"""
import time

from install import SYSTEM_NAMESPACE, delete_namespace, ensure_namespace, install_chart
from kube import Kube, kubectl
from reachability import Pod, may_reach, pod_of
from release import Release, settled, status
from stage import OPERATOR_USER, deployment_spec, failures_by_kind

USER, EVALUATION, ADMIN, ENGINE = 8080, 8081, 8082, 8080


def deploy_in(stage, namespace, name):
    stage.kube.create("modeldeployments", namespace, {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment",
                                                      "metadata": {"name": name}, "spec": deployment_spec()})
    release = Release(stage.screen, namespace, name)
    stage._closing.callback(release.close)
    return release


def reachability(stage):
    """The expected table, over the live policies and pods."""
    namespaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in stage.kube.list("namespaces")}
    policies = stage.kube.list("networkpolicies", stage.namespace) + stage.kube.list("networkpolicies", SYSTEM_NAMESPACE)
    part = lambda component: pod_of(stage.kube.list("pods", stage.namespace, f"llmops.dev/model-deployment=bot,llmops.dev/component={component}")[0])
    labels = {"app.kubernetes.io/managed-by": "llmops-operator", "llmops.dev/component": "evaluator", "llmops.dev/model-deployment": "bot"}
    pods = {"gateway": part("gateway"), "engine": part("engine"), "operator": pod_of(stage.operator_pods()[0]),
            "evaluator": Pod("evaluator", stage.namespace, tuple(labels.items())),
            "another's evaluator": Pod("evaluator", stage.namespace, tuple({**labels, "llmops.dev/model-deployment": "other"}.items())),
            "a pod of the namespace": Pod("web", stage.namespace, (("app", "web"),)), "a pod elsewhere": Pod("web", "default", (("app", "web"),)),
            "outside": Pod("client", address="203.0.113.7")}
    expected = {("engine", ENGINE): {"gateway"}, ("gateway", EVALUATION): {"evaluator"}, ("gateway", ADMIN): {"operator"},
                ("gateway", USER): set(pods) - {"gateway", "evaluator"}, ("evaluator", 8080): set(),
                ("operator", 8080): set(), ("operator", 8082): set()}
    for (target, port), wanted in expected.items():
        found = {name for name, pod in pods.items() if name != target and may_reach(policies, namespaces, pod, pods[target], port)}
        if target == "gateway" and port == USER:
            wanted = wanted - ({"another's evaluator"} - found)  # which no policy selects while no such deployment exists
        stage.check(f"{target} port {port} is reached by {', '.join(sorted(wanted)) or 'nobody'}", found == wanted,
                    f"{len(policies)} policies, {len(pods)} sources: {', '.join(sorted(found)) or 'nobody'}")


def run(stage):
    tag = stage.options.tag
    second, third = stage.namespace + "-2", stage.namespace + "-3"
    for namespace in (second, third):
        ensure_namespace(namespace)
    try:
        install_chart(tag, f"watchNamespaces={{{stage.namespace},{second}}}", "replicas=2")
        stage.wait_for_leader()
        stage.check("with chosen namespaces there is no ClusterRole of the operator", stage.kube.get("clusterroles", None, "llmops-operator") is None)
        operator = Kube(user=OPERATOR_USER)
        release = stage.deploy_and_settle("bot", deployment_spec(gateways=2), 180)
        other = deploy_in(stage, second, "bot")
        other.wait_for("the second namespace's Healthy", settled, 180)
        outside = deploy_in(stage, third, "bot")
        began = time.monotonic()
        stage.wait("5 s in which a third could be taken up", lambda: time.monotonic() - began > 5, 10)
        stage.check("two chosen namespaces release, a third does not", not status(stage.kube.get("modeldeployments", third, "bot")))
        try:
            operator.list("pods", third)
            stage.check("the operator may not look into a third", False)
        except Exception as error:
            stage.check("the operator may not look into a third", getattr(error, "status", 0) == 403, str(error)[-160:])
        reachability(stage)

        users = stage.load("bot")
        before = stage.fingerprint(release)
        install_chart(tag, "networkPolicies.enabled=false", "disruptionBudgets.enabled=false")
        stage.wait_for_leader()
        outside.wait_for("the third namespace under an operator of all", settled, 180)
        left = lambda: stage.kube.list("networkpolicies", stage.namespace) + stage.kube.list("poddisruptionbudgets", stage.namespace)
        stage.wait("policies and budgets go", lambda: not left(), 60)
        stage.check("policies and budgets that are wanted no longer go", not left())
        install_chart(tag)
        stage.wait_for_leader()
        stage.wait("policies and budgets are made again", lambda: len(left()) == 4, 60)
        stage.check("policies and budgets are made again", sorted(one["metadata"]["name"] for one in left())
                    == ["bot-engine", "bot-evaluator", "bot-gateway", "bot-gateway"])
        after = stage.fingerprint(release)
        stage.check("none of it restarts a pod or starts a release", after == before)
        summary = users.stop()
        stage.check("no request failed", summary["failed"] == 0 and summary["requests"] > 0,
                    f"{summary['requests']} requests, failed: {failures_by_kind(summary)}")
        allowed = lambda: kubectl("get", "pdb", "bot-gateway", "-n", stage.namespace,
                                  "-o", "jsonpath={.status.disruptionsAllowed} of {.status.currentHealthy}")
        stage.wait("the disruption controller has counted", lambda: allowed() == "1 of 2", 30)
        stage.check("a drain may take one gateway of two", allowed() == "1 of 2", allowed())
    finally:
        install_chart(tag)
        stage.wait_for_leader()
        for namespace in (second, third):
            delete_namespace(stage.kube, namespace)

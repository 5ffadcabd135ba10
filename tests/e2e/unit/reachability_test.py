"""Who may reach whom: the NetworkPolicies that the operator makes, played through for every pair and port.

The policies and the labels of the pods come from tests/data/network_policies.json, which a C++ test compares with what the
operator makes. No cluster and no network agent: what is tested is what the policies say.
"""
import json
import os
import sys
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "tests", "e2e")]
from reachability import Pod, may_reach, pod_of, selects  # noqa: E402

OPERATOR = Pod("operator", "llmops-system", (("llmops.dev/component", "operator"),), (("health", 8080),))
SOURCES = {
    "operator": OPERATOR,
    "prometheus": Pod("prometheus", "monitoring", (("app", "prometheus"),)),
    "a pod beside the operator": Pod("other", "llmops-system", (("app", "other"),)),
    "a pod of the namespace": Pod("app", "shop", (("app", "web"),)),
    "a pod elsewhere": Pod("app", "bank", (("app", "web"),)),
    "a pod elsewhere that calls itself operator": Pod("forged", "bank", OPERATOR.labels),
    "a pod elsewhere that calls itself evaluator": Pod("forged", "bank", (
        ("app.kubernetes.io/managed-by", "llmops-operator"), ("llmops.dev/component", "evaluator"),
        ("llmops.dev/model-deployment", "support-bot"))),
    "a client outside": Pod("client", address="203.0.113.7"),
}
NAMESPACES = {name: {"kubernetes.io/metadata.name": name} for name in ("shop", "bank", "llmops-system", "monitoring")}
USER, EVALUATION, ADMIN, ENGINE = 8080, 8081, 8082, 8080
DNS = Pod("dns", "kube-system", (("k8s-app", "kube-dns"),))
NAMESPACES["kube-system"] = {"kubernetes.io/metadata.name": "kube-system"}


class ReachabilityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "tests", "data", "network_policies.json"), encoding="utf-8") as file:
            objects = json.load(file)
        cls.policies = [one for one in objects if one["kind"] == "NetworkPolicy"]
        cls.pods = {one["metadata"]["name"]: pod_of(one) for one in objects if one["kind"] == "Pod"}

    def reachers(self, target, port, protocol="TCP"):
        """Everybody who may reach that port, by name."""
        everybody = {**SOURCES, **self.pods}
        return {name for name, pod in everybody.items()
                if pod != target and may_reach(self.policies, NAMESPACES, pod, target, port, protocol)}

    def everybody_but(self, *names):
        return {*SOURCES, *self.pods} - set(names)

    def test_the_file_holds_two_deployments_with_three_policies_each(self):
        self.assertEqual(sorted(self.pods), sorted(f"{bot}-{part}" for bot in ("support-bot", "other-bot")
                                                   for part in ("engine", "gateway", "evaluator")))
        self.assertEqual(len(self.policies), 6)

    def test_engines_are_reached_by_their_own_gateways_only(self):
        for bot in ("support-bot", "other-bot"):
            for port in (ENGINE, 8000, 9999):
                self.assertEqual(self.reachers(self.pods[f"{bot}-engine"], port), {f"{bot}-gateway"}, (bot, port))

    def test_the_user_port_is_open_but_to_evaluators(self):
        gateway = self.pods["support-bot-gateway"]
        self.assertEqual(self.reachers(gateway, USER),
                         self.everybody_but("support-bot-gateway", "support-bot-evaluator", "other-bot-evaluator"))

    def test_the_evaluation_port_is_reached_by_evaluators_of_the_same_deployment_only(self):
        for bot in ("support-bot", "other-bot"):
            self.assertEqual(self.reachers(self.pods[f"{bot}-gateway"], EVALUATION), {f"{bot}-evaluator"})

    def test_the_admin_port_is_reached_by_the_operator_and_by_who_monitors(self):
        for bot in ("support-bot", "other-bot"):
            self.assertEqual(self.reachers(self.pods[f"{bot}-gateway"], ADMIN), {"operator", "prometheus"})

    def test_other_ports_of_a_gateway_are_closed(self):
        for port in (22, 443, 9090):
            self.assertEqual(self.reachers(self.pods["support-bot-gateway"], port), set(), port)
        self.assertEqual(self.reachers(self.pods["support-bot-gateway"], USER, "UDP"), set())

    def test_nobody_reaches_an_evaluator(self):
        for port in (8080, 8081, 8082):
            self.assertEqual(self.reachers(self.pods["support-bot-evaluator"], port), set(), port)

    def test_an_evaluator_reaches_its_gateways_and_dns_only(self):
        evaluator = self.pods["support-bot-evaluator"]
        everybody = {**SOURCES, **self.pods, "dns": DNS}
        reached = {(name, port) for name, pod in everybody.items() for port in (53, 80, 443, USER, EVALUATION, ADMIN)
                   if pod != evaluator and may_reach(self.policies, NAMESPACES, evaluator, pod, port)}
        # Port 53 is open on its side; pods that a policy selects let it in nowhere.
        unselected = {(name, 53) for name in (*SOURCES, "dns")}
        self.assertEqual(reached, unselected | {("support-bot-gateway", EVALUATION)})
        self.assertTrue(may_reach(self.policies, NAMESPACES, evaluator, DNS, 53, "UDP"))
        self.assertFalse(may_reach(self.policies, NAMESPACES, evaluator, DNS, 443, "UDP"))

    def test_an_evaluator_that_calls_an_endpoint_reaches_it_wherever_it_is(self):
        labels = self.pods["support-bot-evaluator"].labels + (("llmops.dev/calls-endpoint", "true"),)
        caller = Pod("caller", "shop", labels)
        for target in ("prometheus", "a client outside"):
            self.assertTrue(may_reach(self.policies, NAMESPACES, caller, SOURCES[target], 9090), target)
        self.assertFalse(may_reach(self.policies, NAMESPACES, caller, self.pods["support-bot-engine"], ENGINE))

    def test_gateways_and_engines_may_go_out(self):
        for name in ("support-bot-gateway", "support-bot-engine"):
            for target in ("a client outside", "a pod elsewhere"):
                self.assertTrue(may_reach(self.policies, NAMESPACES, self.pods[name], SOURCES[target], 443))


class SemanticsTest(unittest.TestCase):
    """Of the evaluator itself, after the API's documentation."""

    def policy(self, **spec):
        return {"metadata": {"namespace": "shop"}, "spec": {"podSelector": {}, **spec}}

    def reach(self, policies, source=SOURCES["a pod elsewhere"], port=80):
        target = Pod("t", "shop", (("app", "t"),), (("web", 80),))
        return may_reach(policies, NAMESPACES, source, target, port)

    def test_without_a_policy_all_is_open_and_an_empty_one_closes(self):
        self.assertTrue(self.reach([]))
        self.assertFalse(self.reach([self.policy(policyTypes=["Ingress"])]))
        self.assertFalse(self.reach([self.policy()]), "Ingress is the type of a policy that names none")

    def test_a_policy_of_another_namespace_or_pod_is_none(self):
        other = self.policy(policyTypes=["Ingress"])
        other["metadata"]["namespace"] = "bank"
        self.assertTrue(self.reach([other]))
        self.assertTrue(self.reach([self.policy(podSelector={"matchLabels": {"app": "x"}})]))

    def test_rules_and_policies_add_up(self):
        closed, opened = self.policy(), self.policy(ingress=[{"ports": [{"port": 80}]}])
        self.assertTrue(self.reach([closed, opened]))

    def test_a_pod_selector_alone_means_the_policys_own_namespace(self):
        rule = [{"from": [{"podSelector": {}}]}]
        self.assertFalse(self.reach([self.policy(ingress=rule)]))
        self.assertTrue(self.reach([self.policy(ingress=rule)], SOURCES["a pod of the namespace"]))

    def test_two_peers_are_either_and_one_peer_with_two_selectors_is_both(self):
        namespace = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "bank"}}}
        pods = {"podSelector": {"matchLabels": {"app": "nobody"}}}
        self.assertTrue(self.reach([self.policy(ingress=[{"from": [namespace, pods]}])]))
        self.assertFalse(self.reach([self.policy(ingress=[{"from": [{**namespace, **pods}]}])]))

    def test_ports_by_name_and_range(self):
        for ports, good in (([{"port": "web"}], True), ([{"port": "other"}], False), ([{"port": 70, "endPort": 90}], True),
                            ([{"port": 80, "protocol": "UDP"}], False)):
            self.assertEqual(self.reach([self.policy(ingress=[{"ports": ports}])]), good, ports)

    def test_egress_of_the_source_counts_too(self):
        out = {"metadata": {"namespace": "bank"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}
        self.assertFalse(self.reach([out]))

    def test_an_address_block_is_about_outside(self):
        rule = [{"from": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.8/32"]}}]}]
        self.assertTrue(self.reach([self.policy(ingress=rule)], SOURCES["a client outside"]))
        self.assertFalse(self.reach([self.policy(ingress=rule)], Pod("c", address="203.0.113.8")))
        self.assertFalse(self.reach([self.policy(ingress=rule)]))

    def test_selectors_by_expression(self):
        labels = {"app": "a"}
        for expression, good in (({"key": "app", "operator": "In", "values": ["a", "b"]}, True),
                                 ({"key": "app", "operator": "NotIn", "values": ["a"]}, False),
                                 ({"key": "tier", "operator": "NotIn", "values": ["a"]}, True),
                                 ({"key": "app", "operator": "Exists"}, True), ({"key": "app", "operator": "DoesNotExist"}, False)):
            self.assertEqual(selects({"matchExpressions": [expression]}, labels), good, expression)


if __name__ == "__main__":
    unittest.main()

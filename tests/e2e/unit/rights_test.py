"""How rights are compared with calls."""
import os
import sys
import unittest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..")]
from rights import beyond, call_of, expand, unused, words  # noqa: E402

RULES = [{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
         {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["a"], "verbs": ["update"]}]


class Rights(unittest.TestCase):
    def test_rules_are_every_verb_on_every_resource_of_every_group(self):
        self.assertEqual(expand(RULES), {("", "pods", "get"), ("", "pods", "list"), ("", "pods/log", "get"), ("", "pods/log", "list"),
                                         ("apps", "deployments", "update")})

    def test_a_call_names_its_subresource_and_pages_that_are_no_resource_are_none(self):
        self.assertEqual(call_of({"verb": "update", "objectRef": {"resource": "deployments", "apiGroup": "apps", "subresource": "scale"}}),
                         ("apps", "deployments/scale", "update"))
        self.assertEqual(call_of({"verb": "get", "objectRef": {"resource": "pods"}}), ("", "pods", "get"))
        self.assertIsNone(call_of({"verb": "get", "requestURI": "/openid/v1/jwks"}))

    def test_what_is_allowed_and_never_done_is_unused_unless_it_is_done_by_whom_it_is_granted_to(self):
        calls = {("", "pods", "get"), ("", "pods", "list"), ("apps", "deployments", "update")}
        self.assertEqual(unused(RULES, calls), [("", "pods/log", "get"), ("", "pods/log", "list")])
        self.assertEqual(unused(RULES, calls, {("", "pods/log", "get"), ("", "pods/log", "list")}), [])

    def test_what_only_admission_asks_for_counts_as_used(self):
        self.assertEqual(unused([{"apiGroups": ["llmops.dev"], "resources": ["modeldeployments/finalizers"], "verbs": ["update"]}], set()), [])

    def test_what_is_done_without_a_rule_is_beyond(self):
        self.assertEqual(beyond(RULES, {("", "pods", "get"), ("", "secrets", "get")}), [("", "secrets", "get")])
        self.assertEqual(words(("", "secrets", "get")) + ", " + words(("apps", "deployments", "list")), "get secrets, list deployments.apps")


if __name__ == "__main__":
    unittest.main()

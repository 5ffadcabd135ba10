"""The chart: its CRDs are those of crds/, and its rights hold no wildcard and no Secret."""
import os
import re
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
CHART = os.path.join(ROOT, "charts", "llmops-operator")


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


def definitions(folder):
    return {name for name in os.listdir(folder) if name.startswith("llmops.dev_") and name.endswith(".yaml")}


class ChartTest(unittest.TestCase):
    def test_its_crds_are_those_of_the_api(self):
        source, copies = os.path.join(ROOT, "crds"), os.path.join(CHART, "files", "crds")
        self.assertEqual(definitions(source), definitions(copies), "run make chart")
        for name in definitions(source):
            self.assertEqual(read(source, name), read(copies, name), f"{name} differs: run make chart")

    def test_every_crd_has_one_metadata_line_where_the_chart_adds_its_annotation(self):
        for name in definitions(os.path.join(CHART, "files", "crds")):
            text = read(CHART, "files", "crds", name)
            self.assertEqual(len(re.findall(r"^metadata:\n  name: ", text, re.M)), 1, name)
            self.assertNotIn("{{ .", text, name)

    def test_the_rights_hold_no_wildcard_no_secret_no_log_no_exec(self):
        rules = re.sub(r"\{\{/\*.*?\*/\}\}", "", read(CHART, "templates", "_rules.tpl"), flags=re.S)
        for template in ("rbac.yaml", "user-roles.yaml"):
            rules += read(CHART, "templates", template)
        self.assertNotIn("*", rules)
        self.assertNotRegex(rules, r"resources:.*\b(secrets|pods/log|pods/exec|nodes)\b")

    def test_the_webhook_holds_up_nobody_and_looks_at_our_kinds_only(self):
        webhook = read(CHART, "templates", "webhook.yaml")
        self.assertIn("failurePolicy: Ignore", webhook)
        self.assertIn("sideEffects: None", webhook)
        self.assertRegex(webhook, r"apiGroups: \[llmops.dev\]\n.*\n +operations: \[CREATE, UPDATE\]\n"
                         r" +resources: \[modeldeployments, promptversions, guardrails, evalgates\]\n")
        self.assertEqual(len(re.findall(r"operations:", webhook)), 1)

    def test_the_webhooks_rights_are_bound_to_its_own_secret_and_configuration(self):
        webhook = read(CHART, "templates", "webhook.yaml")
        rules = re.findall(r"- apiGroups: .*\n  resources: \[(\w+)\]\n(  resourceNames: .*\n)?  verbs: \[(.*)\]", webhook)
        self.assertEqual([(resource, bool(named), verbs) for resource, named, verbs in rules],
                         [("secrets", True, "get, update"), ("secrets", False, "create"),
                          ("validatingwebhookconfigurations", True, "get, update")])

    def test_who_may_edit_may_not_write_a_verdict(self):
        edit = read(CHART, "templates", "user-roles.yaml").split("-edit\n")[1]
        self.assertNotIn("evalruns", edit)

    def test_the_user_rights_and_the_operators_know_every_kind(self):
        rules, users = read(CHART, "templates", "_rules.tpl"), read(CHART, "templates", "user-roles.yaml")
        for name in definitions(os.path.join(ROOT, "crds")):
            plural = name[len("llmops.dev_"):-len(".yaml")]
            self.assertRegex(rules, rf"\b{plural}\b")
            self.assertRegex(users, rf"\b{plural}\b")


if __name__ == "__main__":
    unittest.main()

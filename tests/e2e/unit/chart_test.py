"""The chart: its CRDs are those of crds/, and its rights hold no wildcard and no Secret."""
import os
import re
import sys
import unittest

import yaml

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "charts"))
import argocd_cm  # noqa: E402
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

    def test_what_argo_cd_reads_is_made_of_the_lua_files(self):
        files = os.path.join(CHART, "files", "argocd")
        self.assertEqual(argocd_cm.patch(), read(files, argocd_cm.PATCH), "run make chart")
        for path, text in argocd_cm.like_promote().items():
            self.assertEqual(text, read(files, path), f"{path}: run make chart")
        patch = yaml.safe_load(argocd_cm.patch())["data"]
        kinds = {yaml.safe_load(read(ROOT, "crds", name))["spec"]["names"]["kind"] for name in definitions(os.path.join(ROOT, "crds"))}
        self.assertEqual(kinds, {key.rpartition("_")[2] for key in patch if ".health." in key})
        actions = yaml.safe_load(patch["resource.customizations.actions.llmops.dev_ModelDeployment"])
        self.assertEqual({"promote", *argocd_cm.VERBS}, {action["name"] for action in actions["definitions"]})

    def test_the_rights_hold_no_wildcard_no_secret_no_log_no_exec(self):
        rules = re.sub(r"\{\{/\*.*?\*/\}\}", "", read(CHART, "templates", "_rules.tpl"), flags=re.S)
        for template in ("rbac.yaml", "user-roles.yaml"):
            rules += read(CHART, "templates", template)
        self.assertNotIn("*", rules)
        self.assertNotRegex(rules, r"resources:.*\b(secrets|pods/log|pods/exec|nodes)\b")

    def test_the_users_rights_add_up_to_view_edit_and_admin(self):
        view, edit = read(CHART, "templates", "user-roles.yaml").split("kind: ClusterRole\n")[1:3]
        for role in ("view", "edit", "admin"):
            self.assertIn(f'aggregate-to-{role}: "true"', view)
        self.assertEqual(["view" in edit, 'aggregate-to-edit: "true"' in edit, 'aggregate-to-admin: "true"' in edit], [False, True, True])

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

"""Every field of the API is described, bounded and without default; the CRDs' trimmings fit their fields."""
import re
import unittest

from schemas import CRDS, EXAMPLES, ROOT, WIRES, crd_schema, load, nodes, walk

STRUCTURAL = {"description", "title", "type", "format", "pattern", "enum", "minLength", "maxLength", "minimum",
              "exclusiveMinimum", "maximum", "minItems", "maxItems", "maxProperties", "required", "properties",
              "items", "additionalProperties", "anyOf", "x-kubernetes-int-or-string", "x-kubernetes-list-type",
              "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-validations",
              "x-kubernetes-preserve-unknown-fields"}
SHORT_NAMES = {"ModelDeployment": "mdep", "PromptVersion": "pver", "EvalGate": "egate", "EvalRun": "erun",
               "Guardrail": "guard"}


def unbounded(node):
    """What bound a node lacks, or ''."""
    kind = node.get("type")
    if kind == "string" and not {"maxLength", "enum", "const"} & node.keys():
        return "maxLength"
    if kind == "array" and "maxItems" not in node:
        return "maxItems"
    if kind == "object" and "additionalProperties" in node and "maxProperties" not in node:
        return "maxProperties"
    if kind == "integer" and "minimum" not in node:
        return "minimum"
    if node.get("x-kubernetes-int-or-string") and "maxLength" not in node:
        return "maxLength"
    return ""


class EveryField(unittest.TestCase):
    def check(self, files, complaint):
        found = [f"{at}: {text}" for path in files for at, node in nodes(path) if (text := complaint(node))]
        self.assertEqual(found, [])

    def test_has_a_description(self):
        def complaint(node):
            if "$ref" in node:
                return ""
            return "" if len(node.get("description", "")) >= 5 else "no description"
        self.check(CRDS + WIRES, complaint)

    def test_is_bounded(self):
        self.check(CRDS + WIRES, unbounded)

    def test_has_no_default(self):
        self.check(CRDS + WIRES, lambda node: "default:" if "default" in node else "")

    def test_uses_only_the_structural_dialect(self):
        self.check(CRDS, lambda node: ", ".join(node.keys() - STRUCTURAL))
        self.check(WIRES, lambda node: ", ".join(node.keys() - STRUCTURAL - {"const", "$ref"}))

    def test_numbers_of_a_spec_have_both_bounds(self):
        def complaint(path, node):
            needs = {"integer": {"minimum", "maximum"}, "number": {"minimum", "maximum"}}.get(node.get("type"), set())
            written_by_us = path.startswith("llmops.dev_evalruns") or ": spec" not in path
            return "" if written_by_us else ", ".join(needs - node.keys())
        found = [f"{at}: {text}" for path in CRDS for at, node in nodes(path) if (text := complaint(at, node))]
        self.assertEqual(found, [])

    def test_required_names_fields_that_exist(self):
        self.check(CRDS + WIRES, lambda node: ", ".join(set(node.get("required", ())) - set(node.get("properties", {}))))

    def test_durations_are_durations(self):
        def complaint(node):
            if node.get("format") != "duration":
                return ""
            return "" if node.get("maxLength") == 20 else "a duration has at most 20 characters"
        self.check(CRDS + WIRES, complaint)


class Lists(unittest.TestCase):
    def test_say_how_they_merge(self):
        for path in CRDS:
            for at, node in nodes(path):
                if node.get("type") != "array":
                    continue
                with self.subTest(at):
                    self.assertIn(node.get("x-kubernetes-list-type"), ("atomic", "set", "map"))
                    if node["x-kubernetes-list-type"] == "map":
                        keys = node["x-kubernetes-list-map-keys"]
                        self.assertLessEqual(set(keys), set(node["items"]["required"]))


class Rules(unittest.TestCase):
    def test_have_a_message_for_people(self):
        for path in CRDS:
            for at, node in [("", crd_schema(path)), *nodes(path)]:
                for rule in node.get("x-kubernetes-validations", ()):
                    with self.subTest(f"{path.name}: {at}: {rule['rule']}"):
                        self.assertTrue(rule.get("message"))
                        self.assertNotIn("self.", rule["message"])


class Definitions(unittest.TestCase):
    def each(self):
        for path in CRDS:
            crd = load(path)
            yield crd, crd["spec"]["versions"][0], crd_schema(path)

    def test_require_a_spec_so_that_immutability_cannot_be_bypassed(self):
        for _, _, schema in self.each():
            self.assertEqual(schema["required"], ["spec"])

    def test_are_named_as_documented(self):
        kinds = set()
        for crd, version, _ in self.each():
            names = crd["spec"]["names"]
            kinds.add(names["kind"])
            self.assertEqual(crd["metadata"]["name"], f"{names['plural']}.llmops.dev")
            self.assertEqual(names["shortNames"], [SHORT_NAMES[names["kind"]]])
            self.assertEqual(names["categories"], ["llmops"])
            self.assertEqual(version["name"], "v1alpha1")
            self.assertIn("status", version["subresources"])
        self.assertEqual(kinds, set(SHORT_NAMES))

    def test_scale_points_at_fields(self):
        found = 0
        for _, version, schema in self.each():
            paths = dict(walk(schema))
            for path in version["subresources"].get("scale", {}).values():
                self.assertIn(path[1:], paths)
                found += 1
        self.assertEqual(found, 3)

    def test_columns_read_fields_and_conditions_that_exist(self):
        condition_types = set(re.findall(r'k\w+ = "(\w+)"', (ROOT / "crds/base/names.hpp").read_text(encoding="utf-8")))
        for _, version, schema in self.each():
            paths = dict(walk(schema))
            for column in version["additionalPrinterColumns"]:
                path = column["jsonPath"]
                if path == ".metadata.creationTimestamp":
                    continue
                condition = re.search(r'conditions\[\?\(@\.type=="(\w+)"\)\]', path)
                if condition:
                    self.assertIn(condition.group(1), condition_types)
                plain = re.sub(r'\[\?\(@\.(\w+)=="[^"]*"\)\]', "[]", path)[1:]
                self.assertIn(plain, paths, column["name"])
                self.assertEqual(column["type"], paths[plain]["type"], column["name"])
                self.assertTrue(column["description"])

    def test_filters_of_columns_name_allowed_values(self):
        for _, version, schema in self.each():
            paths = dict(walk(schema))
            for column in version["additionalPrinterColumns"]:
                match = re.match(r'\.([\w.]+)\[\?\(@\.(\w+)=="([^"]*)"\)\]', column["jsonPath"])
                if match:
                    key = paths[f"{match.group(1)}[].{match.group(2)}"]
                    self.assertIn(match.group(3), key.get("enum", [match.group(3)]))

    def test_immutable_kinds_say_so(self):
        immutable = {crd["spec"]["names"]["kind"] for crd, _, schema in self.each()
                     for rule in schema["properties"]["spec"].get("x-kubernetes-validations", ())
                     if rule["rule"] == "self == oldSelf"}
        self.assertEqual(immutable, {"PromptVersion", "EvalRun"})


class Yaml(unittest.TestCase):
    def test_reads_the_same_under_version_1_1(self):
        """Kubernetes reads `n` and `y` as booleans, and so would lose a field of that name."""
        for path in CRDS + WIRES + EXAMPLES:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                with self.subTest(f"{path.name}:{number}"):
                    self.assertNotRegex(line.split(" #")[0], r"(^|[\[{,-])\s*[nNyY]\s*([:,\]}]|$)")


class Contracts(unittest.TestCase):
    def test_name_their_version_after_their_title(self):
        for path in WIRES:
            with self.subTest(path.name):
                schema = load(path)
                self.assertEqual(schema["properties"]["version"]["const"], schema["title"].lower() + "/v1")
                self.assertIn("version", schema["required"])
                self.assertEqual(path.stem.replace("_", ""), schema["title"].lower())


if __name__ == "__main__":
    unittest.main()

"""The generator: names, its refusals, and that it leaves unchanged files alone."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

from schemas import CRDS, ROOT, WIRES

GENERATOR = ROOT / "crds" / "generator"
sys.path.insert(0, str(GENERATOR))

import names  # noqa: E402


def crd(kind, spec, status=None):
    properties = {"metadata": {"type": "object"}, "spec": spec}
    if status:
        properties["status"] = status
    schema = {"type": "object", "required": ["spec"], "properties": properties}
    return {"kind": "CustomResourceDefinition",
            "spec": {"names": {"kind": kind}, "versions": [{"schema": {"openAPIV3Schema": schema}}]}}


def struct(title, required=(), **properties):
    return {"title": title, "type": "object", "required": list(required), "properties": properties}


class Run:
    """One run of the generator over documents in a folder of its own."""

    def __init__(self, crds, wires=()):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        (self.root / "wire").mkdir()
        self.inputs = []
        for name, document in list(crds.items()) + [("wire/" + n, d) for n, d in dict(wires).items()]:
            path = self.root / f"{name}.yaml"
            path.write_text(yaml.safe_dump(document), encoding="utf-8")
            self.inputs.append(str(path))
        self.again()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def again(self):
        done = subprocess.run([sys.executable, "-B", str(GENERATOR / "generate.py"), "--output", str(self.root / "out"),
                               *self.inputs], capture_output=True, text=True, check=False)
        self.code, self.errors = done.returncode, done.stderr

    def text(self, name):
        return (self.root / "out" / "crds" / name).read_text(encoding="utf-8")


class Names(unittest.TestCase):
    def test_of_members_are_snake_case(self):
        for name, expected in {"servedModelName": "served_model_name", "podUID": "pod_uid", "uri": "uri",
                               "default": "default_", "operator": "operator_", "namespace": "namespace_",
                               "nonInferiority": "non_inferiority", "imagePullSecrets": "image_pull_secrets",
                               "configMapRef": "config_map_ref", "newPods": "new_pods"}.items():
            self.assertEqual(names.member(name), expected)

    def test_of_enumerators_are_pascal_case(self):
        for name, expected in {"char-f1": "CharF1", "equals": "Equals", "RolledBack": "RolledBack"}.items():
            self.assertEqual(names.pascal(name), expected)


class Generator(unittest.TestCase):
    STRING = {"type": "string", "maxLength": 5}

    def refuses(self, message, crds, wires=()):
        run = self.run_over(crds, wires)
        self.assertEqual(run.code, 1)
        self.assertIn(message, run.errors)

    def run_over(self, crds, wires=()):
        return self.enterContext(Run(crds, wires))

    def test_refuses_one_title_with_two_shapes_and_names_the_difference(self):
        one = struct("Spec", a=struct("Shared", x=self.STRING))
        two = struct("OtherSpec", b=struct("Shared", x={"type": "string", "maxLength": 6}))
        self.refuses("two.yaml: spec.b: type Shared differs from the one at one.yaml: spec.a, at "
                     "properties.x.maxLength: 5 here, 6 there", {"one": crd("One", one), "two": crd("Two", two)})

    def test_refuses_a_required_field_without_schema(self):
        self.refuses("one.yaml: spec: required fields without a schema: b",
                     {"one": crd("One", struct("Spec", ["b"], a=self.STRING))})

    def test_refuses_a_reference_to_nothing(self):
        wire = struct("Message", a={"$ref": "api.json#/$defs/Nothing"})
        self.refuses("wire/message.yaml: a: $ref 'api.json#/$defs/Nothing' does not name a type of a CRD",
                     {"one": crd("One", struct("Spec", a=self.STRING))}, {"message": wire})

    def test_refuses_a_type_that_two_contracts_define(self):
        wires = {name: struct(name.capitalize(), a=struct("Twice", x=self.STRING)) for name in ("first", "second")}
        self.refuses("type Twice is defined by first and second",
                     {"one": crd("One", struct("Spec", a=self.STRING))}, wires)

    def test_refuses_an_unknown_type(self):
        self.refuses("one.yaml: spec.a: type 'tuple' is not supported",
                     {"one": crd("One", struct("Spec", a={"type": "tuple"}))})

    def test_puts_a_type_of_two_kinds_and_what_it_needs_into_the_shared_header(self):
        shared = struct("Outer", inner=struct("Inner", x=self.STRING))
        run = self.run_over({"one": crd("One", struct("OneSpec", a=shared)), "two": crd("Two", struct("TwoSpec", b=shared))})
        self.assertEqual(run.code, 0, run.errors)
        self.assertIn("struct Outer {", run.text("api/shared.hpp"))
        self.assertIn("struct Inner {", run.text("api/shared.hpp"))
        self.assertNotIn("struct Outer {", run.text("api/one.hpp"))

    def test_puts_a_type_that_a_contract_refers_to_into_the_shared_header(self):
        run = self.run_over({"one": crd("One", struct("OneSpec", a=struct("Used", x=self.STRING)))},
                            {"message": struct("Message", a={"$ref": "api.json#/$defs/Used"})})
        self.assertEqual(run.code, 0, run.errors)
        self.assertIn("struct Used {", run.text("api/shared.hpp"))
        self.assertIn("std::optional<api::Used> a;", run.text("wire/message.hpp"))

    def test_names_an_untitled_type_after_parent_and_field(self):
        inner = {"type": "object", "properties": {"x": self.STRING}}
        run = self.run_over({"one": crd("One", struct("OneSpec", someThing=inner))})
        self.assertIn("struct OneSpecSomeThing {", run.text("api/one.hpp"))

    def test_keeps_what_is_not_typed_as_json(self):
        free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        run = self.run_over({"one": crd("One", struct("OneSpec", a=free))})
        self.assertIn("std::optional<Json> a;", run.text("api/one.hpp"))
        self.assertIn('#include "crds/base/json.hpp"', run.text("api/one.hpp"))

    def test_touches_no_file_whose_text_stays(self):
        run = self.run_over({"one": crd("One", struct("OneSpec", a=self.STRING))})
        header = run.root / "out" / "crds" / "api" / "one.hpp"
        before = header.stat().st_mtime_ns
        run.again()
        self.assertEqual(header.stat().st_mtime_ns, before)

    def test_lists_the_files_that_it_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-B", str(GENERATOR / "generate.py"), "--output", folder]
            inputs = [str(path) for path in CRDS + WIRES]
            listed = subprocess.run([*command, "--list", *inputs], capture_output=True, text=True, check=True).stdout
            subprocess.run([*command, *inputs], check=True)
            written = sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())
            self.assertEqual(sorted(listed.split()), written)


if __name__ == "__main__":
    unittest.main()

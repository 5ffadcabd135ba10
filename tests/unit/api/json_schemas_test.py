"""docs/schemas holds what the wire schemas say now, and is JSON Schema."""
import sys
import unittest

from schemas import CRDS, ROOT, WIRES

sys.path.insert(0, str(ROOT / "crds" / "generator"))
from json_schemas import outputs  # noqa: E402


def references(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


class JsonSchemasTest(unittest.TestCase):
    def test_the_files_in_docs_are_those_of_the_wire_schemas(self):
        written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "schemas").glob("*.json")}
        self.assertEqual(dict(outputs([*CRDS, *WIRES])), written, "run make schemas")

    def test_every_reference_leads_to_a_definition_of_the_same_file(self):
        import json
        for name, text in outputs([*CRDS, *WIRES]):
            document = json.loads(text)
            for reference in references(document):
                self.assertIn(reference.removeprefix("#/$defs/"), document.get("$defs", {}), name)
            self.assertNotIn("x-kubernetes-", text, name)


if __name__ == "__main__":
    unittest.main()

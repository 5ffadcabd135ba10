"""The examples together use every field of every kind."""
import unittest

from schemas import CRDS, EXAMPLES, crd_schema, load

# Fields of every object; they have no meaning of ours.
COMMON = {"apiVersion", "kind", "metadata"}


def used(schema, value, path, out):
    """Marks the nodes that a value touches."""
    out.add(path)
    if isinstance(value, dict):
        for name, child in schema.get("properties", {}).items():
            if name in value:
                used(child, value[name], f"{path}.{name}" if path else name, out)
        if isinstance(schema.get("additionalProperties"), dict):
            for child in value.values():
                used(schema["additionalProperties"], child, path + ".*", out)
    if isinstance(value, list):
        for child in value:
            used(schema["items"], child, path + "[]", out)


def fields(schema, path=""):
    for name, child in schema.get("properties", {}).items():
        at = f"{path}.{name}" if path else name
        yield at
        yield from fields(child, at)
    if "items" in schema:
        yield from fields(schema["items"], path + "[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from fields(schema["additionalProperties"], path + ".*")


class Examples(unittest.TestCase):
    def test_cover_every_field(self):
        documents = [load(path) for path in EXAMPLES]
        for crd in CRDS:
            kind = load(crd)["spec"]["names"]["kind"]
            schema = crd_schema(crd)
            touched = set()
            for document in documents:
                if document["kind"] == kind:
                    used(schema, document, "", touched)
            with self.subTest(kind):
                missing = [field for field in fields(schema)
                           if field not in touched and field.split(".")[0] not in COMMON]
                self.assertEqual(missing, [])

    def test_begin_with_a_comment(self):
        for path in EXAMPLES:
            with self.subTest(path.name):
                self.assertTrue(path.read_text(encoding="utf-8").startswith("# "))


if __name__ == "__main__":
    unittest.main()

"""What the Python tests share: the schemas, and a walk over their nodes."""
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
CRDS = sorted((ROOT / "crds").glob("llmops.dev_*.yaml"))
WIRES = sorted((ROOT / "crds" / "wire").glob("*.yaml"))
EXAMPLES = sorted((Path(__file__).parent / "testdata").glob("*.yaml"))


def load(path):
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def crd_schema(path):
    return load(path)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def walk(schema, path=""):
    """(path, schema) of every node; list items are `path[]`, map values `path.*`."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from walk(schema["items"], path + "[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from walk(schema["additionalProperties"], path + ".*")


def nodes(path):
    """(file: path, schema) of every node below the root of a CRD or wire schema, without metadata."""
    schema = load(path)
    if schema.get("kind") == "CustomResourceDefinition":
        schema = crd_schema(path)
    for at, node in walk(schema):
        if at and at != "metadata":
            yield f"{Path(path).name}: {at}", node

"""Whether a document fits the schema of its CRD: structure and bounds. CEL rules are the API server's."""
import os
import re

import yaml

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def definitions():
    """The CRDs by kind."""
    found = {}
    for name in sorted(os.listdir(os.path.join(ROOT, "crds"))):
        if name.startswith("llmops.dev_"):
            with open(os.path.join(ROOT, "crds", name), encoding="utf-8") as file:
                document = yaml.safe_load(file)
            found[document["spec"]["names"]["kind"]] = document
    return found


CRDS = definitions()


def schema_of(kind):
    return CRDS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def field_schema(kind, path):
    """The schema of "spec.strategy.canary" of a kind; None when there is no such field. Lists need no []."""
    schema = schema_of(kind)
    for name in path.split("."):
        schema = schema.get("items", schema)
        schema = schema.get("properties", {}).get(name.replace("[]", ""))
        if schema is None:
            return None
    return schema


def document_problems(document):
    """What the API server would say to an object of ours, CEL rules apart. The one place for a better linter."""
    kind = document["kind"]
    if document.get("apiVersion") != "llmops.dev/v1alpha1":
        return [f"{kind}: apiVersion: found {document.get('apiVersion')}, allowed llmops.dev/v1alpha1"]
    if kind not in CRDS:
        return [f"kind: found {kind}, allowed {', '.join(CRDS)}"]
    schema = dict(schema_of(kind))
    schema["properties"] = {**schema["properties"], "metadata": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return problems(schema, document, kind)


def is_of(kind, value):
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return isinstance(value, {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
                              "number": (int, float)}[kind])


def problems(schema, value, path, required=True):
    if schema.get("x-kubernetes-int-or-string"):
        value = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        return text_problems(schema, value, path) if isinstance(value, str) else [f"{path}: found {value!r}, allowed a quantity"]
    kind = schema.get("type")
    if kind is None:
        return []
    if not is_of(kind, value):
        return [f"{path}: found {value!r}, allowed {kind}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: found {value!r}, allowed {', '.join(map(str, schema['enum']))}")
    if kind == "string":
        found += text_problems(schema, value, path)
    if kind in ("integer", "number"):
        found += range_problems(value, schema.get("minimum"), schema.get("maximum"), path)
    if kind == "array":
        found += range_problems(len(value), schema.get("minItems"), schema.get("maxItems"), f"{path}: items")
        for i, item in enumerate(value):
            found += problems(schema["items"], item, f"{path}[{i}]", required)
    if kind == "object":
        found += object_problems(schema, value, path, required)
    return found


def object_problems(schema, value, path, required):
    found = range_problems(len(value), schema.get("minProperties"), schema.get("maxProperties"), f"{path}: entries")
    if required:
        found += [f"{path}.{name}: found nothing, and it is required" for name in schema.get("required", []) if name not in value]
    known, rest = schema.get("properties", {}), schema.get("additionalProperties")
    for name, item in value.items():
        if name in known:
            found += problems(known[name], item, f"{path}.{name}", required)
        elif isinstance(rest, dict):
            found += problems(rest, item, f"{path}.{name}", required)
        elif not schema.get("x-kubernetes-preserve-unknown-fields"):
            found.append(f"{path}.{name}: there is no such field")
    return found


def text_problems(schema, value, path):
    found = range_problems(len(value), schema.get("minLength"), schema.get("maxLength"), f"{path}: characters")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{path}: found {value!r}, allowed {schema['pattern']}")
    return found


def range_problems(value, low, high, path):
    if (low is not None and value < low) or (high is not None and value > high):
        return [f"{path}: found {value}, allowed {low} to {high}"]
    return []

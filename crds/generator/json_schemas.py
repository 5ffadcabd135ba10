#!/usr/bin/env python3
"""Wire schemas to JSON Schema (draft 2020-12), for programs that are not ours.

    json_schemas.py --output DIR CRD.yaml… wire/SCHEMA.yaml…

Writes DIR/<contract>.schema.json, each whole by itself: types of the API stand in its `$defs`.
"""
import argparse
import json
import re
from pathlib import Path

import yaml

REFERENCE = re.compile(r"^api\.json#/\$defs/([A-Za-z0-9]+)$")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def load(path):
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def titled(schema, found):
    """Every schema below this one that has a title, by title."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str) and ("type" in schema or "properties" in schema):
            found.setdefault(schema["title"], schema)
        for value in schema.values():
            titled(value, found)
    elif isinstance(schema, list):
        for value in schema:
            titled(value, found)
    return found


def plain(schema, used):
    """Without what only Kubernetes reads; references lead to `$defs`. `used` gathers the titles that are referred to."""
    if isinstance(schema, list):
        return [plain(value, used) for value in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key.startswith("x-kubernetes-"):
            continue
        if key == "$ref" and (match := REFERENCE.match(value)):
            used.append(match.group(1))
            value = f"#/$defs/{match.group(1)}"
        elif key == "properties":
            value = {name: plain(child, used) for name, child in value.items()}
        else:
            value = plain(value, used)
        out[key] = value
    if out.get("exclusiveMinimum") is True:  # as OpenAPI 3.0 writes it
        out["exclusiveMinimum"] = out.pop("minimum")
    if out.get("format") == "duration":  # Go's durations, not those of ISO 8601; the pattern says which
        del out["format"]
    if schema.get("x-kubernetes-int-or-string"):
        out["type"] = ["string", "number"]
    return out


def json_schema(contract, types, name):
    used = []
    document = {"$schema": DIALECT, "$id": f"{name}.schema.json", **plain(contract, used)}
    definitions = {}
    while used:
        title = used.pop()
        if title not in definitions:
            definitions[title] = plain(types[title], used)
    if definitions:
        document["$defs"] = dict(sorted(definitions.items()))
    return document


def outputs(paths):
    """(file name, text) of every contract."""
    types = {}
    for path in paths:
        if path.parent.name != "wire":
            titled(load(path), types)
    for path in paths:
        if path.parent.name == "wire":
            text = json.dumps(json_schema(load(path), types, path.stem), ensure_ascii=False, indent=2)
            yield f"{path.stem}.schema.json", text + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("schemas", nargs="+", type=Path)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, text in outputs(options.schemas):
        (options.output / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

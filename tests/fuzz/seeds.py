#!/usr/bin/env python3
"""Writes a first corpus out of the vectors of the unit tests: seeds.py FOLDER."""
import json
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "unit" / "gateway" / "testdata"
FORMATS = {"jinja": 0, "mustache": 1, "none": 2}


def write(folder, seeds):
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:04}").write_bytes(seed)


def templates():
    for path in sorted((DATA / "render").glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8")):
            values = json.dumps(vector["inputs"], ensure_ascii=False).encode()
            yield bytes([FORMATS[vector["format"]]]) + vector["template"].encode() + b"\0" + values


def schemas():
    for group in json.loads((DATA / "json_schema_cases.json").read_text(encoding="utf-8")):
        for value in group["valid"] + group["invalid"]:
            yield json.dumps(group["schema"]).encode() + b"\0" + json.dumps(value, ensure_ascii=False).encode()


def rules():
    """Every rule of the CRDs, with the spec of an example."""
    example = yaml.safe_load((ROOT / "tests/unit/api/testdata/model_deployment.yaml").read_text(encoding="utf-8"))
    spec = json.dumps(example["spec"], ensure_ascii=False).encode()

    def of(node):
        if isinstance(node, list):
            for child in node:
                yield from of(child)
        elif isinstance(node, dict):
            if isinstance(node.get("rule"), str):
                yield node["rule"].encode() + b"\0" + spec
            for child in node.values():
                yield from of(child)

    for path in sorted((ROOT / "crds").glob("llmops.dev_*.yaml")):
        yield from of(yaml.safe_load(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(Path(sys.argv[1]) / "template", templates())
    write(Path(sys.argv[1]) / "schema", schemas())
    write(Path(sys.argv[1]) / "cel", rules())

#!/usr/bin/env python3
"""The CRDs' schemas as a C++ source, for programs that check without an API server.

    definitions.py --output FILE.cpp CRD.yaml…

Descriptions and titles are left out: nobody reads them there. Declared in crds/structural/definitions.hpp.
"""
import argparse
import json
from pathlib import Path

import yaml


def bare(schema):
    """Without what only people and the generator of types read."""
    if isinstance(schema, list):
        return [bare(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key in ("description", "title") and isinstance(value, str):
            continue
        if key == "properties":
            out[key] = {name: bare(child) for name, child in value.items()}
        else:
            out[key] = bare(value)
    return out


def source(paths):
    """The text of the C++ file."""
    entries = []
    for path in paths:
        crd = yaml.safe_load(path.read_text(encoding="utf-8"))
        schema = bare(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
        text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
        if ')crd"' in text:
            raise SystemExit(f"definitions.py: {path.name}: found )crd\", which ends a raw string")
        entries.append(f'    {{"{crd["spec"]["names"]["kind"]}", R"crd({text})crd"}},\n')
    return ("// Written by crds/generator/definitions.py.\n"
            '#include "crds/structural/definitions.hpp"\n\n'
            "namespace llmops::structural {\n\n"
            "std::span<const Definition> definitions() {\n"
            "  static constexpr Definition kDefinitions[] = {\n" + "".join(entries) + "  };\n"
            "  return kDefinitions;\n"
            "}\n\n"
            "}  // namespace llmops::structural\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("crds", nargs="+", type=Path)
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(source(sorted(options.crds)), encoding="utf-8")


if __name__ == "__main__":
    main()

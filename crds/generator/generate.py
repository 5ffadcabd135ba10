#!/usr/bin/env python3
"""CRDs and wire schemas to C++.

    generate.py --output DIR [--list] CRD.yaml… wire/SCHEMA.yaml…

Writes DIR/crds/api/<kind>.{hpp,cpp}, DIR/crds/api/shared.{hpp,cpp} (types that two schemas use) and
DIR/crds/wire/<schema>.{hpp,cpp}. A file whose text does not change is not touched. With --list it only prints
the names of those files. The mapping is told in crds/README.md.
"""
import argparse
import sys
from pathlib import Path

import yaml

import cpp
from model import Model, SchemaError


def read_model(paths):
    model = Model()
    contracts = [path for path in paths if path.parent.name == "wire"]
    for path in paths:
        if path not in contracts:
            model.add_crd(path)
    for path in contracts:
        model.add_wire(path)
    model.finish()
    return model


def outputs(model):
    """(relative path, text) of every generated file."""
    types = {module: [] for module in model.namespaces}
    for name, defined in model.types.items():
        types[model.header_of(name)].append(defined)
    for module, namespace in model.namespaces.items():
        emitter = cpp.Emitter(model, module, types[module])
        yield f"crds/{namespace}/{module}.hpp", emitter.header()
        yield f"crds/{namespace}/{module}.cpp", emitter.source_file()


def write_if_changed(path, text):
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--list", action="store_true", help="print the paths instead of writing the files")
    parser.add_argument("schemas", nargs="+", type=Path)
    options = parser.parse_args()
    try:
        model = read_model(options.schemas)
    except (SchemaError, yaml.YAMLError) as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    for relative, text in outputs(model):
        if options.list:
            print(options.output / relative)
        else:
            write_if_changed(options.output / relative, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

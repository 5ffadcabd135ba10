#!/usr/bin/env python3
"""Writes the reference of the API from the CRDs: every field with its type, bounds and description, every rule.

usage: api_reference.py --output FILE CRD.yaml…
"""
import argparse
import sys

from model import load

ORDER = ["ModelDeployment", "PromptVersion", "EvalGate", "Guardrail", "EvalRun"]
HEAD = """# The API, field by field

Written from the CRDs (`crds/llmops.dev_*.yaml`) by `make docs`; `kubectl explain modeldeployment.spec` tells the same in a cluster. \
Group `llmops.dev`, version `v1alpha1`; all kinds live in a namespace.

**How to read it.** `name[]` is an item of a list, `name.*` a value of a map. A field without *required* may be left out; what holds \
then stands behind "Default:" or "Absent:". No default is ever written into an object, so `kubectl get -o yaml` shows what you wrote. \
Lengths count characters. A list "by `name`" holds each `name` once. The rules below each table are checked by the API server when \
an object is created or changed, and each refuses with its message. A type that stands in the table already is not told twice.
"""


class SchemaError(Exception):
    pass


def bounds(low, high, unit=""):
    """"1 to 63 characters", "at most 64 items", "from 0 on"; empty without bounds."""
    if not low and high is None:
        return "" if low is None or unit else "from 0 on"
    if high is None:
        return f"from {low} on{unit}"
    if low is None or (low == 0 and unit):
        return f"at most {high}{unit}"
    if low == high:
        return f"{low}{unit}"
    return f"{low} to {high}{unit}"


def code(text):
    """As code in a cell of a table."""
    ticks = "``" if "`" in text else "`"
    return ticks + text.replace("|", "\\|") + ticks


def cell(text):
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def scalar(schema):
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return ["quantity"]
    if kind is None or schema.get("x-kubernetes-preserve-unknown-fields"):
        return ["any JSON"]
    if kind == "string" and "enum" in schema:
        return ["one of " + ", ".join(code(str(value)) for value in schema["enum"])]
    words = [schema.get("format") if schema.get("format") in ("date-time", "duration") else kind]
    if kind == "string":
        words.append(bounds(schema.get("minLength"), schema.get("maxLength"), " characters") if words[0] == "string" else "")
        if "pattern" in schema and words[0] == "string":
            words.append("matches " + code(schema["pattern"]))
    if kind in ("integer", "number"):
        words.append(bounds(schema.get("minimum"), schema.get("maximum")))
    return words


def type_of(schema):
    """The type with its bounds, in a few words."""
    kind = schema.get("type")
    if kind == "array":
        keys = schema.get("x-kubernetes-list-map-keys")
        words = ["list", bounds(schema.get("minItems"), schema.get("maxItems"), " items")]
        if keys:
            words.append("by " + ", ".join(code(key) for key in keys))
        elif schema.get("x-kubernetes-list-type") == "set":
            words.append("each once")
    elif kind == "object" and "additionalProperties" in schema:
        words = ["map", bounds(schema.get("minProperties"), schema.get("maxProperties"), " entries")]
    elif kind == "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
        words = ["object"]
    else:
        words = scalar(schema)
    return ", ".join(word for word in words if word)


class Reference:
    def __init__(self):
        self.known = {}  # title of an object → where it is told

    def kind(self, document):
        names = document["spec"]["names"]
        version = document["spec"]["versions"][0]
        schema = version["schema"]["openAPIV3Schema"]
        kind = names["kind"]
        short = ", ".join(code(name) for name in names["shortNames"])
        lines = [f"## {kind}", "", f"{cell(schema['description'])} Resource {code(names['plural'])}, short name {short}.", ""]
        columns = version.get("additionalPrinterColumns", [])
        if columns:
            lines += ["| column of `kubectl get` | tells | from |", "|---|---|---|"]
            lines += [f"| {c['name'].upper()}{' (`-o wide`)' if c.get('priority') else ''} | {cell(c.get('description', ''))} | "
                      f"{code(c['jsonPath'])} |" for c in columns] + [""]
        rows, rules = [], []
        self.note_rules(schema, "the object", rules)
        for name in ("spec", "status"):
            if name in schema["properties"]:
                self.field(kind, name, schema["properties"][name], name in schema.get("required", []), rows, rules)
        lines += ["| field | type | what it says |", "|---|---|---|", *rows, ""]
        if rules:
            lines += ["| rule on | refused with |", "|---|---|", *rules, ""]
        return lines

    def field(self, kind, path, schema, required, rows, rules):
        text = schema.get("description", "")
        if not text:
            raise SchemaError(f"{kind}.{path} has no description")
        words = type_of(schema) + (", *required*" if required else "")
        inside, where = schema, path
        while True:
            if inside.get("type") == "array":
                self.note_rules(inside, code(where), rules)
                inside, where = inside["items"], where + "[]"
            elif isinstance(inside.get("additionalProperties"), dict):
                self.note_rules(inside, code(where), rules)
                inside, where = inside["additionalProperties"], where + ".*"
            else:
                break
        nested = inside.get("properties")
        if inside is not schema and not nested:
            words += f"; each {type_of(inside)}"
        # An object of one field is shorter than a reference to it.
        title = inside.get("title") if nested and len(nested) > 1 else None
        if title in self.known:
            first_kind, first = self.known[title]
            words += f"; as {code(first)}" + (f" of [{first_kind}](#{first_kind.lower()})" if first_kind != kind else "")
            rows.append(f"| {code(path)} | {words} | {cell(text)} |")
            return
        rows.append(f"| {code(path)} | {words} | {cell(text)} |")
        self.note_rules(inside, code(where), rules)
        if not nested:
            return
        if title:
            self.known[title] = (kind, where)
        for name, field in nested.items():
            self.field(kind, f"{where}.{name}", field, name in inside.get("required", []), rows, rules)

    @staticmethod
    def note_rules(schema, where, rules):
        for rule in schema.get("x-kubernetes-validations", []):
            rules.append(f"| {where} | {cell(rule['message'])} |")


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", required=True)
    parser.add_argument("schemas", nargs="+")
    options = parser.parse_args(arguments)
    documents = {document["spec"]["names"]["kind"]: document for document in map(load, options.schemas)}
    if sorted(documents) != sorted(ORDER):
        raise SchemaError(f"found the kinds {', '.join(sorted(documents))}, expected {', '.join(sorted(ORDER))}")
    reference = Reference()
    lines = [HEAD]
    for kind in ORDER:
        lines += reference.kind(documents[kind])
    with open(options.output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

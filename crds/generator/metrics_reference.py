#!/usr/bin/env python3
"""Writes the reference of the metrics from their table, crds/base/metric_families.hpp.

usage: metrics_reference.py --output FILE TABLE
"""
import argparse
import re
import sys

FAMILY = re.compile(r'inline constexpr Family (k\w+)\{\s*Program::(\w+),\s*"([^"]*)",\s*Type::(\w+),\s*"([^"]*)",\s*((?:"[^"]*"\s*)+)\};')
HEAD = """# Metrics

Written from `crds/base/metric_families.hpp` by `make docs`. All programs speak the Prometheus text format at `/metrics`: the operator \
on port 8080 (Service `<release>-metrics`), each gateway pod on port 8082. Histograms have the usual `_bucket`, `_sum` and `_count`. \
Durations are in seconds. `revision` is the first 10 hex digits of a revision's hash, `serving_hash` the same of its pods.
"""
PROGRAMS = {"Operator": "Of the operator", "Gateway": "Of a gateway"}


def families(text):
    """(program, name, type, labels, help) of every family, in the order of the table."""
    found = [(program, name, kind.lower(), [label for label in labels.split(",") if label], "".join(re.findall(r'"([^"]*)"', help_text)))
             for _, program, name, kind, labels, help_text in FAMILY.findall(text)]
    declared = len(re.findall(r"^inline constexpr Family k", text, re.M))
    if len(found) != declared:
        raise ValueError(f"{declared} families are declared, {len(found)} could be read")
    return found


def reference(text):
    lines = [HEAD]
    for program, title in PROGRAMS.items():
        lines += [f"## {title}", "", "| metric | type | labels | what it counts |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels) or '–'} | {help_text} |"
                  for which, name, kind, labels, help_text in families(text) if which == program]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", required=True)
    parser.add_argument("table")
    options = parser.parse_args(arguments)
    with open(options.table, encoding="utf-8") as file:
        text = file.read()
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(reference(text))


if __name__ == "__main__":
    main(sys.argv[1:])

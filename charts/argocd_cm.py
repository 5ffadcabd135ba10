#!/usr/bin/env python3
"""Writes what an Argo CD's ConfigMap argocd-cm needs to know our kinds, from the Lua files of the chart.

usage: argocd_cm.py [OUTPUT]      (standard output without an argument)
"""
import os
import sys

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "llmops-operator", "files", "argocd")
HEAD = """# Health and actions of our kinds for Argo CD; written by `make chart` from the files beside it. To put it in force:
#   kubectl patch configmap argocd-cm -n argocd --patch-file argocd-cm-patch.yaml
data:
"""


def read(*parts):
    with open(os.path.join(FILES, *parts), encoding="utf-8") as file:
        return file.read()


def block(text, columns):
    """A YAML literal block."""
    return "|\n" + "".join(f"{' ' * columns}{line}\n" if line else "\n" for line in text.rstrip("\n").split("\n"))


def actions_of(group, kind):
    """The value of one actions key, itself YAML."""
    folder = os.path.join(group, kind, "actions")
    text = "discovery.lua: " + block(read(folder, "discovery.lua"), 2) + "definitions:\n"
    for name in sorted(os.listdir(os.path.join(FILES, folder))):
        if os.path.isdir(os.path.join(FILES, folder, name)) and name != "testdata":
            text += f"- name: {name}\n  action.lua: " + block(read(folder, name, "action.lua"), 4)
    return text


def patch():
    text = HEAD
    for group in sorted(name for name in os.listdir(FILES) if os.path.isdir(os.path.join(FILES, name))):
        for kind in sorted(os.listdir(os.path.join(FILES, group))):
            text += f"  resource.customizations.health.{group}_{kind}: " + block(read(group, kind, "health.lua"), 4)
            if os.path.isdir(os.path.join(FILES, group, kind, "actions")):
                text += f"  resource.customizations.actions.{group}_{kind}: " + block(actions_of(group, kind), 4)
    return text


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as out:
            out.write(patch())
    else:
        sys.stdout.write(patch())

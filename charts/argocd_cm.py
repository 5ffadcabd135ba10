#!/usr/bin/env python3
"""What an Argo CD's ConfigMap argocd-cm needs to know our kinds, from the Lua files of the chart.

usage: argocd_cm.py --write      writes argocd-cm-patch.yaml, and the actions that differ from promote by their verb alone
"""
import os
import sys

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "llmops-operator", "files", "argocd")
PATCH = "argocd-cm-patch.yaml"
VERBS = ("abort", "pause", "promote-full", "resume", "retry", "rollback")
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


def like_promote():
    """{path: text} of the actions that are the same script with another verb."""
    folder = os.path.join("llmops.dev", "ModelDeployment", "actions")
    promote = read(folder, "promote", "action.lua")
    return {os.path.join(folder, verb, "action.lua"): promote.replace('"promote"', f'"{verb}"', 1) for verb in VERBS}


def write(path, text):
    with open(os.path.join(FILES, path), "w", encoding="utf-8") as out:
        out.write(text)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    for path, text in like_promote().items():
        write(path, text)
    write(PATCH, patch())

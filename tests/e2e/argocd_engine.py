"""The chart's Lua scripts in Argo CD's own engine, its standard libraries closed as in production."""
import os
import re
import subprocess

from argocd_setup import CUSTOMIZATIONS
from paths import environment

SCRIPTS = os.path.join(os.path.dirname(CUSTOMIZATIONS), "llmops.dev")
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, labels: {app.kubernetes.io/part-of: argocd}}\n"
# A kind of our own that says whether the engine gives scripts more than production does.
PROBE = """  resource.customizations.health.llmops.dev_Probe: |
    local open = string ~= nil or math ~= nil or io ~= nil or debug ~= nil or (os ~= nil and os.execute ~= nil)
    return {status = open and "Degraded" or "Healthy", message = "standard libraries are " .. (open and "open" or "closed")}
"""


class Engine:
    """Runs `argocd admin settings resource-overrides` on files; `folder` holds the settings."""

    def __init__(self, folder):
        self._settings = os.path.join(folder, "argocd-cm.yaml")
        with open(CUSTOMIZATIONS, encoding="utf-8") as patch, open(self._settings, "w", encoding="utf-8") as out:
            out.write(HEAD + patch.read() + PROBE)

    def _ask(self, verb, *arguments):
        done = subprocess.run(["argocd", "admin", "settings", "resource-overrides", verb, *arguments, "--argocd-cm-path", self._settings],
                              env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{verb} {' '.join(arguments)}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    def health(self, path):
        """{status, message}"""
        status, _, message = self._ask("health", path).partition("\nMESSAGE: ")
        return {"status": status.removeprefix("STATUS: "), "message": message.removesuffix("\n")}

    def actions(self, path):
        """{action: disabled}"""
        rows = [line.split() for line in self._ask("list-actions", path).splitlines()[1:]]
        return {name: disabled == "true" for name, disabled in rows}

    def command(self, path, action, **parameters):
        """What the action would write into llmops.dev/command; empty when it changes nothing. It may change nothing else."""
        given = [word for key, value in parameters.items() for word in ("--param", f"{key}={value}")]
        text = self._ask("run-action", path, action, *given)
        # A long value is folded onto lines that are indented deeper than its key.
        text = re.sub(r"(?m)\n> {7,}(?=\S)", " ", text)
        lines = [line[2:].strip() for line in text.splitlines() if line[:2] == "> "]
        command = next((line.removeprefix("llmops.dev/command: ") for line in lines if line.startswith("llmops.dev/command: ")), "")
        others = [line for line in lines if line != "annotations:" and line != f"llmops.dev/command: {command}"]
        removed = [line for line in text.splitlines() if line[:2] == "< " and "llmops.dev/command:" not in line]
        if others or removed:
            raise RuntimeError(f"{action} of {os.path.basename(path)} changes more than the command: {others + removed}")
        return command


def without_time(command):
    return re.sub(r" id=\d+-", " id=0-", command)

"""Whether the commands that a document shows can be meant: programs, make's targets, the verbs and flags of llmops,
kubectl's kinds and fields, values of the chart, files."""
import functools
import os
import re
import shlex
import subprocess

import yaml

from crd_check import CRDS, ROOT, field_schema

# Programs that documents may tell people to use, beside those that are looked at closer.
PROGRAMS = {"apt-get", "cat", "cd", "echo", "export", "git", "jq", "printf"}
# What a cluster has beside our kinds.
KINDS = set("""pod pods deployment deployments service services svc job jobs configmap configmaps secret secrets lease namespace ns node nodes
crd events event controllerrevision controllerrevisions serviceaccount role rolebinding endpointslices networkpolicy pvc""".split())
KUBECTL = set("get describe explain apply create delete logs rollout scale patch annotate events label wait exec port-forward config kustomize".split())
WITH_KIND = {"get", "describe", "explain", "delete", "scale", "patch", "annotate", "label", "wait"}
VALUE_FLAGS = {"-n", "-k", "--namespace", "-l", "--selector", "-o", "--output", "-f", "--filename", "--for", "-c", "--tail", "--since", "--type", "-p",
               "--context", "--field-selector", "--sort-by"}


def program():
    """The built llmops, or None."""
    candidates = [os.environ.get("LLMOPS_PROGRAM", "")] + [os.path.join(ROOT, "build", p, "bin", "llmops") for p in ("release", "asan", "debug")]
    return next((path for path in candidates if path and os.path.exists(path)), None)


@functools.cache
def help_of(verb):
    """The verb's help; None when there is no such verb."""
    done = subprocess.run([program(), *([verb] if verb else []), "--help"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def verbs():
    return set(re.findall(r"^  ([a-z]+) {2,}", help_of("").split("Subcommands:")[1], re.M))


@functools.cache
def make_words():
    """(targets, variables) that the Makefile and the scripts behind it know."""
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as file:
        text = file.read()
    scripts = subprocess.run(["git", "grep", "-hoE", "[A-Z][A-Z_]{2,}", "--", "Makefile", "e2e", "tests/e2e/*.py", "tests/e2e/scenarios", ":!tests/e2e/unit"], cwd=ROOT, capture_output=True,
                             text=True, check=True).stdout
    return set(re.findall(r"^([a-z][a-z0-9-]*):", text, re.M)), set(scripts.split())


@functools.cache
def chart_values():
    with open(os.path.join(ROOT, "charts", "llmops-operator", "values.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


def our_kinds():
    names = {"llmops"}
    for crd in CRDS.values():
        known = crd["spec"]["names"]
        names |= {known["plural"], known["singular"], *known["shortNames"], f"{known['plural']}.llmops.dev"}
    return names


def shell_problems(script):
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    return [f"bash -n: {line}" for line in done.stderr.splitlines()]


def simple_commands(script):
    """The words of every simple command, without redirections and without values that are set before it."""
    lexer = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars="|&;<>()\n")
    lexer.whitespace = " \t\r"
    lexer.commenters = "#"
    lexer.wordchars += "-./~=:,@$*?[]{}%+^!"
    command, found, skip = [], [], False
    for word in lexer:
        if skip:
            skip = False
        elif word and set(word) <= set("|&;()\n"):
            found.append(command)
            command = []
        elif word and set(word) <= set("<>&"):
            skip = True
        else:
            command.append(word)
    found.append(command)
    for words in found:
        while words and re.match(r"^[A-Z_]+=", words[0]):
            words.pop(0)
    return [words for words in found if words]


def command_problems(words):
    name, rest = os.path.basename(words[0]) if "/" in words[0] else words[0], words[1:]
    if name == "kubectl" and rest[:1] == ["llmops"]:
        name, rest = "llmops", rest[1:]
    if name == ".":
        return file_problems(rest[:1])
    checks = {"make": make_problems, "llmops": llmops_problems, "kubectl-llmops": llmops_problems, "kubectl": kubectl_problems,
              "helm": helm_problems, "cp": file_problems, "python3": python_problems}
    if name in checks:
        return checks[name](rest)
    return [] if name in PROGRAMS else [f"{name}: there is no such program in the table of tests/e2e/unit/commands.py"]


def file_problems(paths):
    """Of those that name something below a folder of the repository."""
    named = [path for path in paths if not path.startswith("-") and path.split("/")[0] in os.listdir(ROOT) and "/" in path]
    return [f"{path}: there is no such file" for path in named if not path.startswith("build/") and not os.path.exists(os.path.join(ROOT, path))]


def python_problems(words):
    return file_problems([word for word in words if word.endswith(".py")])


def make_problems(words):
    targets, variables = make_words()
    found = []
    for word in words:
        name = word.split("=")[0]
        if "=" in word and name not in variables:
            found.append(f"make {word}: nothing reads {name}")
        if "=" not in word and not word.startswith("-") and word not in targets:
            found.append(f"make {word}: there is no such target")
    return found


def llmops_problems(words):
    if not words or words[0] in ("--help", "-h"):
        return []
    found = []
    for verb in words[0].split("|"):
        if verb not in verbs():
            return [f"llmops {verb}: there is no such verb"]
        known = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", help_of(verb)))
        flags = [word.split("=")[0] for word in words[1:] if re.match(r"^--?[a-z]", word)]
        found += [f"llmops {verb} {flag}: there is no such flag" for flag in flags if flag not in known]
    return found + file_problems(words[1:])


def kubectl_problems(words):
    positional, files, flag = [], [], ""
    for word in words:
        if flag:
            files += [word] if flag in ("-f", "--filename") else []
            flag = ""
        elif word in VALUE_FLAGS:
            flag = word
        elif not word.startswith("-"):
            positional.append(word)
    if not positional:
        return ["kubectl: no verb"]
    if positional[0] not in KUBECTL:
        return [f"kubectl {positional[0]}: not in the table of tests/e2e/unit/commands.py"]
    found = file_problems(files)
    if positional[0] == "explain":
        return found + (explain_problems(positional[1]) if len(positional) > 1 else [])
    if positional[0] == "rollout":
        positional = positional[1:]
    elif positional[0] == "kustomize":
        return found
    elif positional[0] not in WITH_KIND:
        positional = [word for word in positional if "/" in word or word == positional[0]]
    for kind in positional[1].split(",") if len(positional) > 1 else []:
        kind = kind.split("/")[0]
        if kind.lower() not in KINDS | our_kinds():
            found.append(f"kubectl {' '.join(words)}: there is no kind {kind}")
    names = [name for name in positional[2:] if name.endswith(".llmops.dev")]
    return found + [f"kubectl: there is no definition {name}" for name in names if name not in our_kinds()]


def explain_problems(path):
    kind, _, field = path.partition(".")
    for name, crd in CRDS.items():
        if kind in (crd["spec"]["names"]["singular"], crd["spec"]["names"]["plural"], *crd["spec"]["names"]["shortNames"]):
            return [] if not field or field_schema(name, field) is not None else [f"kubectl explain {path}: there is no such field"]
    return [f"kubectl explain {path}: there is no such kind"]


def helm_problems(words):
    found = file_problems(words)
    for i, word in enumerate(words):
        if word in ("--set", "--set-string") and i + 1 < len(words):
            for setting in words[i + 1].split(","):
                value = chart_values()
                for key in setting.split("=")[0].split("."):
                    value = value.get(key, KeyError) if isinstance(value, dict) else KeyError
                if value is KeyError:
                    found.append(f"helm {word} {setting}: the chart has no such value")
    return found

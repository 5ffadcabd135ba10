"""The documents say what is so: their commands exist, their manifests fit the API, their tables are those of the code, their links lead
somewhere, and what they say that a command prints is what it prints."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

import commands
import crd_check
import markdown
from markdown import Block, ROOT, read

FILES = markdown.files()
PLAIN = {"text"}  # shown, not run: drawings and output
MADE = ("build/", "crds/api/", "crds/wire/")  # folders of what a build makes
OFFLINE = {"llmops", "echo", "cat", "printf"}  # what a block that is run may call


def shown_commands(text):
    """The commands of a console block with what each is said to print."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif not found:
            raise ValueError(f"found {line!r} before the first command; a command begins with \"$ \"")
        elif found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1][0] += "\n" + line
        else:
            found[-1][1] += line + "\n"
    return found


def script_problems(script):
    found = commands.shell_problems(script)
    return found or [problem for words in commands.simple_commands(script) for problem in commands.command_problems(words)]


def yaml_problems(block):
    if block.marker == "part":
        kind, _, path = block.argument.partition(".")
        schema = crd_check.field_schema(kind, path)
        return [f"{block.argument}: there is no such field"] if schema is None else \
            crd_check.problems(schema, yaml.safe_load(block.text), block.argument, required=False)
    found = []
    for document in yaml.safe_load_all(block.text):
        if isinstance(document, dict) and str(document.get("apiVersion", "")).startswith("llmops.dev/"):
            found += crd_check.document_problems(document)
    return found


def console_problems(block):
    return [problem for command, _ in shown_commands(block.text) for problem in script_problems(command)]


def json_problems(block):
    json.loads(block.text)
    return []


def text_problems(block):
    """A table of `kubectl get` has columns that there are."""
    head = block.text.split("\n", 1)[0].split()
    if head[:1] != ["NAME"]:
        return []
    columns = {c["name"].upper() for crd in crd_check.CRDS.values() for c in crd["spec"]["versions"][0]["additionalPrinterColumns"]}
    return [f"column {name}: there is none of this name" for name in head[1:] if name not in columns]


LINTERS = {"yaml": yaml_problems, "json": json_problems, "console": console_problems, "text": text_problems,
           "bash": lambda block: script_problems(block.text), "sh": lambda block: script_problems(block.text)}


def block_problems(block):
    if block.language not in LINTERS:
        return [f"language {block.language!r}: allowed {', '.join(sorted(LINTERS))}"]
    try:
        return LINTERS[block.language](block)
    except (ValueError, yaml.YAMLError) as problem:
        return [str(problem)]


def run_problems(block):
    """Runs the commands of a console block and compares what they print: standard output, then standard error."""
    wanted = int(block.argument.removeprefix("exit ") or 0)
    found = []
    for command, said in shown_commands(block.text):
        foreign = {words[0] for words in commands.simple_commands(command)} - OFFLINE
        if foreign:
            return [f"{', '.join(foreign)}: a block that is run may only call {', '.join(sorted(OFFLINE))}"]
        path = os.path.dirname(commands.program()) + os.pathsep + os.environ["PATH"]
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})
        if done.returncode != wanted:
            found.append(f"{command}: ended with {done.returncode}, expected {wanted}: {done.stderr}")
        if done.stdout + done.stderr != said:
            found.append(f"{command}: printed\n{done.stdout + done.stderr}expected\n{said}")
    return found


class DocumentsTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.assertIsNotNone(commands.program(), "the program llmops is not built: ninja -C build/release llmops")

    def test_every_block_is_run_or_can_be_meant(self):
        found = [block for name in FILES for block in markdown.blocks(name, read(name))]
        to_run = [block for block in found if block.marker == "run"]
        problems = [f"{block.where()}: {problem}" for block in found for problem in block_problems(block)]
        problems += [f"{block.where()}: {problem}" for block in to_run for problem in run_problems(block)]
        shown = sum(1 for block in found if block.language in PLAIN)
        print(f"\n{len(to_run)} blocks run, {len(found) - len(to_run) - shown} linted, {shown} of plain text, 0 others", file=sys.stderr)
        self.assertEqual(problems, [])
        self.assertGreater(len(to_run), 2)
        self.assertGreater(len(found), 15)

    def test_manifests_that_are_shown_pass_lint(self):
        problems, count = [], 0
        for name in FILES:
            shown = [block for block in markdown.blocks(name, read(name)) if block.language == "yaml" and "apiVersion: llmops.dev/" in block.text]
            with tempfile.TemporaryDirectory() as folder:
                for block in shown:
                    with open(os.path.join(folder, f"line-{block.line}.yaml"), "w", encoding="utf-8") as file:
                        file.write(block.text)
                count += len(shown)
                if shown:
                    done = subprocess.run([commands.program(), "lint", "-f", folder, "-o", "json"], capture_output=True, text=True, check=False)
                    problems += [f"{name}: {p['object']}: {p['field']}: {p['message']}" for p in json.loads(done.stdout)["problems"]
                                 if p["severity"] == "error"]
        self.assertEqual(problems, [])
        self.assertGreater(count, 6)

    def test_commands_within_the_text_can_be_meant(self):
        problems, count = [], 0
        for name in FILES:
            for code in markdown.inline_code(read(name)):
                if not re.match(r"(make|llmops|kubectl|helm) [a-z]", code) or "…" in code:
                    continue
                count += 1
                plain = re.sub(r"[\[\]]", " ", code)
                # "promote|abort NAME" names two verbs; a pipe has spaces around it.
                words = plain.split() if "|" in plain and " | " not in plain else None
                for command in [words] if words else commands.simple_commands(plain):
                    problems += [f"{name}: `{code}`: {problem}" for problem in commands.command_problems(command)]
        print(f"\n{count} commands within the text", file=sys.stderr)
        self.assertEqual(problems, [])
        self.assertGreater(count, 50)

    def test_links_lead_to_files_and_headings(self):
        problems, count = [], 0
        for name in FILES:
            for _, target in markdown.links(read(name)):
                if re.match(r"^[a-z]+:", target):
                    continue
                count += 1
                path, _, anchor = target.partition("#")
                goal = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
                if not os.path.exists(os.path.join(ROOT, goal)):
                    problems.append(f"{name}: {target}: there is no {goal}")
                elif anchor and goal.endswith(".md") and anchor not in markdown.anchors(read(goal)):
                    problems.append(f"{name}: {target}: {goal} has no such heading")
        print(f"\n{count} links", file=sys.stderr)
        self.assertEqual(problems, [])
        self.assertGreater(count, 20)

    def test_metrics_that_are_named_are_told_by_a_program(self):
        known = set(re.findall(r'"((?:llmops|gen_ai)_\w+)"', read("crds/base/metric_families.hpp")))
        for name in FILES:
            named = {re.sub(r"_(bucket|sum|count)$", "", code.split("{")[0]) for code in markdown.inline_code(read(name))
                     if re.match(r"^(llmops|gen_ai)_[a-z_]+(\{|$)", code)}
            labels = set(re.findall(r"\bgen_ai_token_type\b", read(name)))
            self.assertEqual(named - known - labels, set(), name)

    def test_files_that_are_named_are_there(self):
        tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        folders = {name.split("/")[0] for name in tracked.splitlines() if "/" in name}
        problems, count = [], 0
        for name in FILES:
            for code in markdown.inline_code(read(name)):
                if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", code) and code.split("/")[0] in folders and not (code.startswith(MADE) and code.endswith(".hpp")):
                    count += 1
                    # A folder's README may mean the folder that it stands in.
                    if not any(os.path.exists(os.path.join(ROOT, base, code)) for base in ("", os.path.dirname(name))):
                        problems.append(f"{name}: `{code}`: there is no such file")
        print(f"\n{count} files within the text", file=sys.stderr)
        self.assertEqual(problems, [])
        self.assertGreater(count, 50)

    def test_the_index_names_every_document(self):
        index = read("docs/README.md")
        for name in FILES:
            if re.fullmatch(r"docs/[^/]+\.md", name) and name != "docs/README.md":
                self.assertIn(f"({os.path.basename(name)})", index, "docs/README.md")


class GeneratedTest(unittest.TestCase):
    def written(self, generator, *sources):
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run([sys.executable, "-B", os.path.join(ROOT, "crds", "generator", generator), "--output", file.name,
                            *[os.path.join(ROOT, source) for source in sources]], check=True)
            return file.read().decode("utf-8")

    def test_the_reference_of_the_api_is_fresh(self):
        sources = [f"crds/{name}" for name in sorted(os.listdir(os.path.join(ROOT, "crds"))) if name.startswith("llmops.dev_")]
        self.assertTrue(self.written("api_reference.py", *sources) == read("docs/api.md"), "docs/api.md is stale: run make docs")

    def test_the_reference_of_metrics_is_fresh(self):
        self.assertEqual(self.written("metrics_reference.py", "crds/base/metric_families.hpp"), read("docs/metrics.md"), "run make docs")


class ReasonsTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        header = read("crds/base/reasons.hpp")
        self.words = dict(re.findall(r'(k\w+)\s*=\s*"(\w+)"', header))
        rows = re.findall(r'\b(Condition|Event)\{"(\w+)", "(\w+)", (?:"(\w+)", )?(k\w+)\}', header)
        self.conditions = {(kind, f"{first}={second}", self.words[reason]) for table, kind, first, second, reason in rows if table == "Condition"}
        self.events = {(kind, first, self.words[reason]) for table, kind, first, _, reason in rows if table == "Event"}
        self.tables = markdown.tables(read("docs/operations.md"))

    def sections(self, what):
        """(kind, row) of every table below a heading "Conditions of a ModelDeployment"."""
        for title, rows in self.tables.items():
            if match := re.fullmatch(rf"{what} of an? (\w+)", title):
                for row in rows:
                    yield match.group(1), row

    def test_every_condition_of_the_code_is_explained_and_no_other(self):
        told = [(kind, condition.strip(), row[1].strip("`")) for kind, row in self.sections("Conditions")
                for condition in row[0].replace("`", "").split(",")]
        self.assertEqual(len(told), len(set(told)))
        self.assertEqual(set(told), self.conditions)
        self.assertGreater(len(told), 50)

    def test_every_event_of_the_code_is_explained_and_no_other(self):
        told = [(kind, row[1], row[0].strip("`")) for kind, row in self.sections("Events")]
        self.assertEqual(len(told), len(set(told)))
        self.assertEqual(set(told), self.events)
        self.assertGreater(len(told), 40)

    def test_each_row_says_what_to_do(self):
        for what in ("Conditions", "Events"):
            for kind, row in self.sections(what):
                self.assertTrue(row[2] and row[3], f"{kind}: {row[:2]}")

    def test_every_word_of_the_table_is_used_in_it(self):
        used = {reason for _, _, reason in self.conditions | self.events}
        self.assertEqual(used, set(self.words.values()))

    def test_what_the_rules_of_gates_say_stands_in_the_table(self):
        said = set(re.findall(r'add_error\(\s*\w+, "(\w+)"', read("webhooks/rules/gate.cpp")))
        self.assertGreater(len(said), 3)
        self.assertLessEqual(said, {reason for kind, _, reason in self.conditions if kind == "EvalGate"})

    def test_every_type_of_condition_is_one_of_the_code(self):
        types = set(re.findall(r'"(\w+)"', read("crds/base/names.hpp"))) | {"Complete"}
        self.assertLessEqual({condition.split("=")[0] for _, condition, _ in self.conditions}, types)


class KoreanTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.english, self.korean = read("README.md"), read("README.ko.md")

    def test_it_has_the_headings_of_the_english_one(self):
        levels = [level for level, _ in markdown.headings(self.english)]
        self.assertEqual([level for level, _ in markdown.headings(self.korean)], levels)

    def test_it_has_the_code_of_the_english_one(self):
        def shape(text):
            # What follows "#" is a comment, for people.
            return [(block.language, re.sub(r" +# .*", "", block.text)) for block in markdown.blocks("", text)]
        self.assertEqual(shape(self.korean), shape(self.english))

    def test_it_has_the_rows_and_the_links_of_the_english_one(self):
        def rows(text):
            return len(re.findall(r"^\|", markdown.without_blocks(text), re.M))
        self.assertEqual(rows(self.korean), rows(self.english))

        def elsewhere(text):
            return {target for _, target in markdown.links(text) if target not in ("README.md", "README.ko.md") and target[0] != "#"}
        self.assertEqual(elsewhere(self.korean), elsewhere(self.english))

    def test_they_name_each_other(self):
        self.assertIn("(README.ko.md)", self.english)
        self.assertIn("(README.md)", self.korean)


class CheckersTest(unittest.TestCase):
    """What a broken document would say is said to the checkers, and each must see it."""

    def refused(self, language, text, words, marker="", argument=""):
        check = run_problems if marker == "run" else block_problems
        problems = check(Block("a.md", 1, language, text, marker, argument))
        self.assertTrue(any(words in problem for problem in problems), problems)

    def test_an_unknown_language(self):
        self.refused("", "x", "language ''")
        self.refused("fortran", "x", "language 'fortran'")

    def test_commands_that_there_are_not(self):
        self.refused("console", "$ make everything\n", "no such target")
        self.refused("console", "$ make test FOOBAR=1\n", "nothing reads FOOBAR")
        self.refused("console", "$ llmops launch bot\n", "llmops launch: there is no such verb")
        self.refused("console", "$ llmops promote bot --now\n", "--now: there is no such flag")
        self.refused("console", "$ kubectl get modeldeploys\n", "no kind modeldeploys")
        self.refused("console", "$ kubectl explain modeldeployment.spec.weight\n", "no such field")
        self.refused("console", "$ kubectl delete crd models.llmops.dev\n", "no definition models.llmops.dev")
        self.refused("console", "$ helm install a charts/llmops-operator --set image.name=x\n", "no such value")
        self.refused("console", "$ kubectl apply -f e2e/quickstart/none.yaml\n", "no such file")
        self.refused("bash", "frobnicate --all\n", "no such program")
        self.refused("bash", "if true; then\n", "bash -n")
        self.refused("console", "make test\n", "begins with")

    def test_manifests_that_do_not_fit(self):
        head = "apiVersion: llmops.dev/v1alpha1\nkind: Guardrail\nmetadata: {name: a}\n"
        self.refused("yaml", head + "spec: {rules: []}\n", "items: found 0")
        self.refused("yaml", head + "spec: {rules: [{name: a, type: magic, stages: [input], action: Mask}]}\n", "found 'magic'")
        self.refused("yaml", head + "spec: {rules: [{name: a, type: pii, action: Mask, colour: red}]}\n", "colour: there is no such field")
        self.refused("yaml", head + "spec: {}\n", "rules: found nothing")
        self.refused("yaml", "a: [\n", "expected")
        self.refused("yaml", "epoch: many\n", "allowed integer", "part", "ModelDeployment.status.trafficVerified")
        self.refused("json", "{'a': 1}", "Expecting")
        self.refused("text", "NAME PHASE COLOUR\n", "COLOUR")

    def test_output_that_is_not_so(self):
        self.refused("console", "$ echo one\ntwo\n", "printed\none", "run")
        self.refused("console", "$ echo one\none\n", "expected 1", "run", "exit 1")
        self.refused("console", "$ rm -rf x\n", "may only call", "run")

    def test_blocks_in_lists_and_with_longer_fences_are_seen(self):
        text = "- a\n  ```console\n  $ make test\n  ```\n\n````text\n```\n````\n<!-- run: exit 3 -->\n```console\n$ x\n```\n"
        self.assertEqual([(b.language, b.text, b.marker, b.argument) for b in markdown.blocks("a", text)],
                         [("console", "$ make test\n", "", ""), ("text", "```\n", "", ""), ("console", "$ x\n", "run", "exit 3")])


if __name__ == "__main__":
    unittest.main()

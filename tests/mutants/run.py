#!/usr/bin/env python3
"""Tests of the tests: puts one fault at a time into a copy of our code and expects its named test to fail.

usage: run.py [--list|--check] [NAME|FILE …]      all without an argument; FILE is the name of a table here ("kube")
--check builds nothing: it only says which mutants no longer apply or name a test that is not there.
The tables (*.toml) say what is changed and which test must notice. Work goes on in build/mutants; the checkout is
not touched. Ends with 1 when a mutant survives, does not apply or does not compile, or a test is red without one.
"""
import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRATCH = ROOT / "build" / "mutants"
SOURCE = SCRATCH / "source"
PRESET = "asan"
BUILD = SOURCE / "build" / PRESET
TEST_SECONDS = 300
FIELDS = {"name", "why", "file", "old", "new", "test"}


@dataclasses.dataclass
class Mutant:
    table: str
    binary: str
    name: str
    why: str
    file: str
    old: str
    new: str
    test: str
    problem: str = ""
    killed: bool = False
    seconds: float = 0.0


def read_tables(folder=HERE):
    mutants = []
    for path in sorted(folder.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for entry in table["mutant"]:
            if wrong := FIELDS.symmetric_difference(entry) - {"binary"}:
                sys.exit(f"{path.name}: {entry.get('name', 'a mutant')}: missing or unknown: {', '.join(sorted(wrong))}")
            mutants.append(Mutant(path.stem, **{"binary": table["binary"], **entry}))
    names = [mutant.name for mutant in mutants]
    if twice := {name for name in names if names.count(name) > 1}:
        sys.exit(f"two mutants are called {', '.join(sorted(twice))}")
    return mutants


def chosen(mutants, wanted):
    known = {mutant.name for mutant in mutants} | {mutant.table for mutant in mutants}
    if unknown := set(wanted) - known:
        sys.exit(f"no mutant or table is called {', '.join(sorted(unknown))}")
    return [mutant for mutant in mutants if not wanted or mutant.name in wanted or mutant.table in wanted]


def mutated(text, mutant):
    """The text with the fault in it; ValueError when the place is not there exactly once."""
    found = text.count(mutant.old)
    if found != 1:
        raise ValueError(f"{mutant.file}: the text to change is there {found} times, allowed once")
    if mutant.old == mutant.new:
        raise ValueError(f"{mutant.file}: nothing would change")
    return text.replace(mutant.old, mutant.new)


def named_tests(sources):
    """Suite.case of every TEST, TEST_F and TEST_P of these texts."""
    macro = re.compile(r"TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
    return {f"{suite}.{case}" for text in sources for suite, case in macro.findall(text)}


def stale(mutants, root=ROOT):
    """What keeps mutants from being tried, one line each."""
    tests = named_tests(path.read_text(encoding="utf-8") for path in (root / "tests").rglob("*.cpp"))
    problems = []
    for mutant in mutants:
        try:
            mutated((root / mutant.file).read_text(encoding="utf-8"), mutant)
        except (OSError, ValueError) as problem:
            problems.append(f"{mutant.table}.toml: {mutant.name}: {problem}")
        if mutant.test not in tests:
            problems.append(f"{mutant.table}.toml: {mutant.name}: no test is called {mutant.test}")
    return problems


def copy_checkout():
    """Makes SOURCE the checkout's files. Equal ones keep their time, so that little is built again."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    wanted = {name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()}
    for name in sorted(wanted):
        source, target = ROOT / name, SOURCE / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for target in sorted(SOURCE.rglob("*")):
        name = target.relative_to(SOURCE)
        if target.is_file() and name.parts[0] != "build" and str(name) not in wanted:
            target.unlink()


def environment():
    return {**os.environ, "CCACHE_BASEDIR": str(SOURCE), "CCACHE_NOHASHDIR": "1"}


def run(command, **options):
    return subprocess.run(command, cwd=SOURCE, env=environment(), capture_output=True, text=True, errors="replace", check=False, **options)


def build(binaries):
    """What the compiler said when it refused; empty: built."""
    done = run(["ninja", "-C", str(BUILD), *binaries])
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    return "\n".join(errors[:5]) or done.stdout[-1000:]


def outcome_of(binary, test):
    """"green", "red", or why neither can be said."""
    try:
        done = run([str(BUILD / "tests" / binary), f"--gtest_filter={test}"], timeout=TEST_SECONDS)
    except subprocess.TimeoutExpired:
        return "red"
    ran = re.search(r"Running (\d+) tests?", done.stdout)
    if not ran or int(ran.group(1)) == 0:
        return f"{binary} has no test {test}"
    return "green" if done.returncode == 0 else "red"


def check_unmutated(mutants):
    for test in sorted({(mutant.binary, mutant.test) for mutant in mutants}):
        outcome = outcome_of(*test)
        for mutant in mutants:
            if (mutant.binary, mutant.test) == test and outcome != "green":
                mutant.problem = outcome if outcome != "red" else f"{mutant.test} is red without any mutant"


def try_mutant(mutant):
    path = SOURCE / mutant.file
    began = time.monotonic()
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text(mutated(original, mutant), encoding="utf-8")
        if errors := build([mutant.binary]):
            mutant.problem = f"does not compile: {errors}"
            return
        outcome = outcome_of(mutant.binary, mutant.test)
        mutant.killed = outcome == "red"
        if outcome not in ("red", "green"):
            mutant.problem = outcome
        elif not mutant.killed:
            mutant.problem = f"survives {mutant.test}"
    except (OSError, ValueError) as problem:
        mutant.problem = str(problem)
    finally:
        path.write_text(original, encoding="utf-8")
        mutant.seconds = time.monotonic() - began


def say(text):
    print(text, flush=True)


def prepare(binaries):
    copy_checkout()
    if not (BUILD / "build.ninja").exists():
        done = run(["cmake", "--preset", PRESET])
        if done.returncode != 0:
            sys.exit(f"cmake: {done.stderr[-2000:]}")
    if errors := build(binaries):
        sys.exit(f"the code does not build without any mutant: {errors}")


def main(arguments):
    parser = argparse.ArgumentParser(usage="run.py [--list|--check] [NAME|FILE …]")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("wanted", nargs="*")
    options = parser.parse_args(arguments)
    mutants = chosen(read_tables(), options.wanted)
    if options.list:
        for mutant in mutants:
            say(f"{mutant.name:<42} {mutant.binary}: {mutant.test}\n{'':<42} {mutant.why}")
        return 0
    if options.check:
        problems = stale(mutants)
        say("\n".join(problems) or f"{len(mutants)} mutants apply")
        return 1 if problems else 0
    prepare(sorted({mutant.binary for mutant in mutants}))
    check_unmutated(mutants)
    say(f"{'mutant':<42} {'seconds':>7}  killed by")
    for mutant in mutants:
        if not mutant.problem:
            try_mutant(mutant)
        say(f"{mutant.name:<42} {mutant.seconds:>7.1f}  {mutant.test if mutant.killed else 'NOT KILLED: ' + mutant.problem}")
    killed = sum(mutant.killed for mutant in mutants)
    say(f"{killed} of {len(mutants)} mutants killed")
    return 0 if killed == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""What guardrails cost beside the pattern recognisers of Presidio, on the same messages in one run.

usage: guard_presidio.py BUILD_DIR [TEXT_FILE]     default text: guard_prose.txt

Ours: the rule pii, and all rules of every request together (pii, words with 1,000 words, regex with 20 expressions, injection),
each message in a session of its own, normalised and held back as in the gateway. Presidio comes from PyPI into a virtual
environment of its own; its PatternRecognizer classes are called directly, without a language model, so it is at its fastest; each
sees every message. Two peers: the recognisers of the kinds that our pii has, and every PatternRecognizer that
presidio_analyzer.predefined_recognizers exports. All times are CPU times of the process, in turns; a ratio takes our slowest turn
and Presidio's fastest.
"""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "llmops-operator" / "presidio"
VERSION = "2.2.366"
LIKE_OURS = ["CreditCardRecognizer", "EmailRecognizer", "IbanRecognizer", "IpRecognizer", "UsSsnRecognizer", "UsPassportRecognizer",
             "UsBankRecognizer", "UsLicenseRecognizer", "KrRrnRecognizer", "KrFrnRecognizer", "KrBrnRecognizer",
             "KrDriverLicenseRecognizer", "KrPassportRecognizer"]
RULES = ["pii", "words", "regex", "injection", "pii,words,regex,injection"]

PEER = r"""
import inspect, json, logging, sys, time
logging.disable(logging.CRITICAL)
import presidio_analyzer.predefined_recognizers as known
from presidio_analyzer import PatternRecognizer
names, seconds = json.loads(sys.argv[2]), float(sys.argv[3])
classes = [c for _, c in sorted(vars(known).items()) if inspect.isclass(c) and issubclass(c, PatternRecognizer) and c is not PatternRecognizer]
every = [c() for c in classes]
messages = [p for p in open(sys.argv[1], encoding="utf-8").read().split("\n\n") if p]
size = sum(len(p.encode()) for p in messages)
def measure(recognisers):
    run = lambda: sum(len(r.analyze(text=m, entities=r.supported_entities, nlp_artifacts=None)) for m in messages for r in recognisers)
    run()
    rounds, begin = 0, time.process_time()
    while True:
        findings = run()
        rounds += 1
        spent = time.process_time() - begin
        if spent >= seconds:
            return {"recognisers": len(recognisers), "findings": findings, "microsPerKB": spent * 1e6 / (rounds * size / 1024)}
print(json.dumps({"likeOurs": measure([r for r in every if type(r).__name__ in names]), "all": measure(every)}))
"""
ROUNDS = 3


def python() -> pathlib.Path:
    program = CACHE / "bin" / "python"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE], check=True)
    have = subprocess.run([program, "-c", "from importlib.metadata import version; print(version('presidio-analyzer'))"],
                          capture_output=True, text=True).stdout.strip()
    if have != VERSION:
        subprocess.run([program, "-m", "pip", "install", "--quiet", f"presidio-analyzer=={VERSION}"], check=True)
    return program


def last_json(command) -> dict:
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def turns(values) -> str:
    return " ".join(f"{value:9.2f}" for value in values)


def main() -> int:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ours_program = pathlib.Path(sys.argv[1]) / "tests" / "guard_presidio"
    text = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "guard_prose.txt"
    peer_python = python()
    ours, theirs = {rules: [] for rules in RULES}, []
    for _ in range(ROUNDS):
        for rules in RULES:
            ours[rules].append(last_json([ours_program, text, rules, "1"]))
        theirs.append(last_json([peer_python, "-c", PEER, text, json.dumps(LIKE_OURS), "2"]))
    print(f"text: {text.name}, {ours['pii'][0]['bytes']} bytes; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"Presidio {VERSION}; µs of CPU per KB, {ROUNDS} turns")
    fastest = {}
    for peer in ("likeOurs", "all"):
        values = [turn[peer]["microsPerKB"] for turn in theirs]
        fastest[peer] = min(values)
        print(f"  presidio, {theirs[0][peer]['recognisers']:2} pattern recognisers{'':32}{turns(values)}   {theirs[0][peer]['findings']} findings")
    for rules in RULES:
        for name, key in (("whole messages", "wholeMicrosPerKB"), ("stream of 24 bytes", "stream24MicrosPerKB"),
                          ("stream of 4 bytes", "stream4MicrosPerKB")):
            values = [turn[key] for turn in ours[rules]]
            ratios = ", ".join(f"{fastest[peer] / max(values):.0f} x {theirs[0][peer]['recognisers']}" for peer in fastest)
            pieces = [turn[key.replace("KB", "Piece")] for turn in ours[rules] if key != "wholeMicrosPerKB"]
            each = f", {max(pieces):.2f} µs a piece" if pieces else ""
            print(f"  {rules + ', ' + name:48} {turns(values)}   {ours[rules][0]['findings']} findings, at least {ratios}{each}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What our rule pii costs beside the pattern recognisers of Presidio, on the same messages in one run.

usage: guard_presidio.py BUILD_DIR [TEXT_FILE]     default text: guard_prose.txt

Presidio comes from PyPI into a virtual environment of its own. Its PatternRecognizer classes of the kinds that our rule has are
called directly, without a language model, so it is at its fastest; each sees every message, as our rule does. PhoneRecognizer is
no PatternRecognizer (it uses the library phonenumbers): it is told apart and does not count for the ratio, though our rule finds
phones too. All times are CPU times of the process, in turns; the ratio takes our slowest turn and Presidio's fastest.
"""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "llmops-operator" / "presidio"
VERSION = "2.2.366"
WANTED = ["CreditCardRecognizer", "EmailRecognizer", "IbanRecognizer", "IpRecognizer", "PhoneRecognizer", "UsSsnRecognizer",
          "UsPassportRecognizer", "UsBankRecognizer", "UsLicenseRecognizer", "KrRrnRecognizer", "KrFrnRecognizer", "KrBrnRecognizer",
          "KrDriverLicenseRecognizer", "KrPassportRecognizer"]

PEER = r"""
import json, logging, sys, time
logging.disable(logging.CRITICAL)
import presidio_analyzer.predefined_recognizers as known
from presidio_analyzer import PatternRecognizer
names, seconds = json.loads(sys.argv[2]), float(sys.argv[3])
every = [getattr(known, n)() for n in names if hasattr(known, n)]
patterns = [r for r in every if isinstance(r, PatternRecognizer)]
others = [r for r in every if not isinstance(r, PatternRecognizer)]
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
            return {"recognisers": [type(r).__name__ for r in recognisers], "findings": findings,
                    "microsPerKB": spent * 1e6 / (rounds * size / 1024)}
print(json.dumps({"patterns": measure(patterns), "others": measure(others)}))
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


def main() -> int:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    ours_program = pathlib.Path(sys.argv[1]) / "tests" / "guard_presidio"
    text = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "guard_prose.txt"
    peer_python = python()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(last_json([ours_program, text, "pii", "1"]))
        theirs.append(last_json([peer_python, "-c", PEER, text, json.dumps(WANTED), "2"]))
    secrets = last_json([ours_program, text, "secrets", "1"])

    def turns(values) -> str:
        return " ".join(f"{value:9.2f}" for value in values)

    patterns = [turn["patterns"]["microsPerKB"] for turn in theirs]
    print(f"text: {text.name}, {ours[0]['bytes']} bytes; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"Presidio {VERSION}: {', '.join(theirs[0]['patterns']['recognisers'])}")
    print(f"µs of CPU per KB, {ROUNDS} turns")
    print(f"  presidio, pattern recognisers  {turns(patterns)}   {theirs[0]['patterns']['findings']} findings")
    print(f"  presidio, PhoneRecognizer      {turns(turn['others']['microsPerKB'] for turn in theirs)}   does not count")
    for name, key in (("pii, whole messages", "wholeMicrosPerKB"), ("pii, stream of 24 bytes", "streamMicrosPerKB")):
        values = [turn[key] for turn in ours]
        print(f"  {name:30} {turns(values)}   {ours[0]['findings']} findings, ratio at least {min(patterns) / max(values):.0f}")
    print(f"  secrets, whole; stream         {secrets['wholeMicrosPerKB']:9.2f} {secrets['streamMicrosPerKB']:9.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

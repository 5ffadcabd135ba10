#!/usr/bin/env python3
"""Writes docs/redteam.md from what guard_redteam_test prints: table.py build/debug/tests/guard_redteam_test"""

import math
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENSITIVITIES = ("Low", "Medium", "High")
LINE = re.compile(r"^redteam (recall|over-block) (\w+) (\S+) (\d+)/(\d+)$")

HEAD = """# What the injection rule finds

Written by `e2e/redteam/table.py` from a run of the rule over `e2e/redteam` (220 attacks and 220 harmless twins, half of each Korean). In brackets: 95 % Wilson intervals.

**How to read this.** The rule knows phrasings; it understands nothing. One author wrote the sets first and the expressions after them, with the sets in view: the shares of the first four tables are in-sample, too high for what is found and too low for what is blocked in vain. The last section is a set that others wrote. Use the rule as a first net, with a detector behind it, least rights for tools, and an EvalGate with `attack-success` and `over-block` on your own texts. `pii-fishing` asks for personal data in plain words: no expression finds that, the rules `pii` and `systemPromptLeak` look at the answer instead.

"""


# Measured once by hand and kept as it was; neither file is part of this project.
FOREIGN = """
## A set that others wrote

CyberSecEval of meta-llama/PurpleLlama (MIT) at commit 4be64c3a: `prompt_injection.json` (251 attacks, not consulted when the expressions were written) and `mitre_frr.json` (750 harmless prompts that sound alarming), `user_input` and `mutated_prompt` through the rule.

| | Low | Medium | High |
|---|---|---|---|
| attacks, direct | 10/196 = 5 % | 16/196 = 8 % | 17/196 = 9 % |
| attacks, indirect | 11/55 = 20 % | 11/55 = 20 % | 11/55 = 20 % |
| of these, "ignore previous instructions" | 13/25 = 52 % | 14/25 = 56 % | 14/25 = 56 % |
| harmless prompts blocked in vain | 0/750 | 1/750 | 1/750 |

**This is the number to plan with.** Persuasion, hypothetical scenes, payload splitting, formatting tricks: 0. Vigil's rule for bypassed instructions, measured apart, finds 6/196 and 7/55 of these attacks and blocks 0/750.
"""


def share(found, total):
    if total == 0:
        return "–"
    p, z = found / total, 1.96
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{found}/{total} = {100 * p:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def table(results, kind, keys, first):
    rows = [f"| {first} | " + " | ".join(SENSITIVITIES) + " |", "|---" * (len(SENSITIVITIES) + 1) + "|"]
    for key in keys:
        cells = [share(*results[(kind, sensitivity, key)]) for sensitivity in SENSITIVITIES]
        rows.append(f"| {key} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def document(lines):
    results = {}
    for line in lines:
        if match := LINE.match(line):
            kind, sensitivity, key, found, total = match.groups()
            results[(kind, sensitivity, key)] = (int(found), int(total))
    if not results:
        raise SystemExit("table.py: the test printed no results")
    keys = sorted({key for _, _, key in results})
    languages = [key for key in keys if key in ("en", "ko")]
    variants = [key for key in keys if "/" not in key and key not in ("en", "ko", "all")]
    return (
        HEAD
        + "## Attacks found, by variant\n\n" + table(results, "recall", variants + ["all"], "variant")
        + "\n## Attacks found, by language\n\n" + table(results, "recall", languages, "language")
        + "\n## Harmless twins blocked in vain\n\n"
        + "Twins share the trigger words of an attack, so ordinary traffic is blocked far less often than they are.\n\n"
        + table(results, "over-block", languages + ["all"], "language")
        + "\n" + table(results, "over-block", variants, "twins of")
        + FOREIGN
    )


def main():
    run = subprocess.run(
        [sys.argv[1], "--gtest_filter=*PrintWhat*"], capture_output=True, text=True, check=True)
    (ROOT / "docs" / "redteam.md").write_text(document(run.stdout.splitlines()), encoding="utf-8")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes ko.jsonl and en.jsonl, the labelled set of the recognisers: {text, spans: [{start, end, type}]}, byte offsets of
UTF-8. The same seed gives the same files.

usage: generate.py [--check]     --check: fail when the files are not what this script writes
"""
import json
import pathlib
import random
import re
import sys

import english_lines
import korean_lines
import values

HERE = pathlib.Path(__file__).parent
COPIES = 3
TYPES = {
    "rrn": "rrn", "frn": "frn", "passport": "passport", "licence": "driver-licence", "business": "business-number",
    "corporate": "corporate-number", "bank": "bank-account", "account": "bank-account", "mobile": "phone", "landline": "phone",
    "voip": "phone", "safe": "phone", "plus82": "phone", "e164": "phone", "phone": "phone", "address": "address",
    "plate": "vehicle-plate", "health": "health-insurance-number", "email": "email", "card": "card", "amex": "card", "iban": "iban",
    "ssn": "ssn", "ip4": "ip", "ip6": "ip"}
PLACE = re.compile(r"<(~?)([a-z0-9_]+)(?:\^(full|zero|bold))?>|\[\[([a-z-]+)\|([^\]]+)\]\]")
# Scanners of repositories take the made-up secrets for real ones: the file holds their begin as JSON escapes.
LOOKS_REAL = re.compile(r"(?=(sk-|sk_|rk_|gh[pos]_|github_pat|glpat-|xoxb|AKIA|ASIA|AIza|hf_|npm_|pypi-|eyJ|-----BEGIN|:AA))")


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


def zero_width(text):
    return "".join(c + "\u200b\u200d\u2060"[i % 3] if 0 < i < len(text) - 1 and i % 4 == 1 else c for i, c in enumerate(text))


def bold(text):
    return "".join(chr(0x1D7CE + int(c)) if c.isdigit() else c for c in text)


STYLES = {"full": full_width, "zero": zero_width, "bold": bold, None: str}


def fill(template, r):
    text, spans, at = "", [], 0
    for match in PLACE.finditer(template):
        plain, maker, style, kind, literal = match.groups()
        if maker and not hasattr(values, maker):
            continue
        text += template[at:match.start()]
        value = literal if literal else STYLES[style](getattr(values, maker)(r))
        if not plain:
            start = len(text.encode())
            spans.append({"start": start, "end": start + len(value.encode()), "type": kind or TYPES.get(maker.split("_")[0], "secret")})
        text += value
        at = match.end()
    return {"text": text + template[at:], "spans": spans}


def written(line):
    """One line of the file, with the first character of whatever looks like a real secret as \\uXXXX."""
    marked = LOOKS_REAL.sub("\0", json.dumps(line, ensure_ascii=False))
    return re.sub("\0(.)", lambda m: f"\\u{ord(m[1]):04x}", marked)


def lines(module, seed):
    r = random.Random(seed)
    made = [fill(t, r) for t in module.POSITIVE for _ in range(COPIES)]
    made += [fill(t, r) for t in module.NEGATIVE for _ in range(COPIES)]
    made += [fill(t, r) for t in module.HAND]
    unique = list({line["text"]: line for line in made}.values())
    return "".join(written(line) + "\n" for line in unique)


def main():
    stale = False
    for name, module, seed in (("ko", korean_lines, 20261121), ("en", english_lines, 20261122)):
        path, text = HERE / f"{name}.jsonl", lines(module, seed)
        if "--check" in sys.argv:
            stale |= path.read_text(encoding="utf-8") != text
        else:
            path.write_text(text, encoding="utf-8")
        parsed = [json.loads(line) for line in text.splitlines()]
        for line in parsed:
            for span in line["spans"]:
                line["text"].encode()[span["start"]:span["end"]].decode()
        negative = sum(not line["spans"] for line in parsed)
        print(f"{name}: {len(parsed)} lines, {negative} of them without personal data, {sum(len(l['spans']) for l in parsed)} values")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

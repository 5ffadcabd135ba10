#!/usr/bin/env python3
"""Scores an engine on the golden set under a system prompt: the share of answers that contain the reference.

usage: score.py URL [--system TEXT] [--show] [--file golden.jsonl]      e.g. score.py http://127.0.0.1:8080
"""
import argparse
import collections
import json
import pathlib
import urllib.request

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("url")
parser.add_argument("--system", default="")
parser.add_argument("--file", default=str(pathlib.Path(__file__).resolve().parent / "golden.jsonl"))
parser.add_argument("--show", action="store_true", help="print the answers that miss")
args = parser.parse_args()


def ask(messages):
    body = {"messages": messages, "temperature": 0, "max_tokens": 128}
    request = urllib.request.Request(args.url + "/v1/chat/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["choices"][0]["message"]["content"]


hits, total = collections.Counter(), collections.Counter()
for line in open(args.file):
    item = json.loads(line)
    system = [{"role": "system", "content": args.system}] if args.system else []
    answer = ask(system + [{"role": "user", "content": item["input"]}])
    hit = item["reference"] in answer
    for tag in ["all"] + item["tags"]:
        total[tag] += 1
        hits[tag] += hit
    if args.show and not hit:
        print(f"{item['id']}: {answer!r} lacks {item['reference']!r}")
print(" ".join(f"{tag} {hits[tag]}/{total[tag]}" for tag in total))

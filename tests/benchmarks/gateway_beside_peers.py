#!/usr/bin/env python3
"""What llmops-gateway costs beside nginx and Envoy before the same engine stub, in one run.

usage: gateway_beside_peers.py BUILD_DIR [--rounds N] [--milliseconds N] [--only CASE[:CLIENTS]] [--no-peers] [--output FILE]

In every round each case is played to the engine directly, to the gateway without and with guardrails, to nginx and to Envoy, one
right after the other, so that neighbours on the machine disturb all alike. All figures are medians over rounds; differences and
ratios are taken within a round first. CPU and ready are what the program between used of a processor for a request, and how long
it stood ready without one: on a machine with neighbours the second explains most of a p99. Each program has as many workers
as the gateway has threads. Every request passes the gateway's prompt. The last lines compare with the project's bars; they end
no build.

--only plays one case, --no-peers leaves out nginx and Envoy.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import gateway_peers

ENGINE, GATEWAY, GUARDED, NGINX, ENVOY = 18800, 18801, 18811, 18821, 18831
# name: kind, bytes of the user's text, tokens of the answer, milliseconds before each token, numbers of clients
CASES = {
    "json": ("embeddings", 1024, 0, 0, (1, 16, 64)),
    "chat": ("chat", 1024, 16, 0, (1, 16, 64)),
    "chat-32k": ("chat", 32768, 16, 0, (1, 16, 64)),
    "stream": ("stream", 1024, 16, 0, (1, 16, 64)),
    "stream-128": ("stream", 1024, 128, 0, (1, 16, 64)),
    "stream-32k": ("stream", 32768, 16, 0, (1, 16, 64)),
    "paced": ("stream", 1024, 16, 1, (16,)),
}
SAID = {"json": "embeddings of 1 KB, JSON", "chat": "chat of 1 KB, not streamed (the gateway streams from the engine all the same)",
        "chat-32k": "the same with 32 KB", "stream": "chat of 1 KB, streamed, 16 tokens at once",
        "stream-128": "the same with 128 tokens", "stream-32k": "the same with 32 KB and 16 tokens",
        "paced": "as stream, but a token each millisecond"}
# What one client waits for is latency; many who ask without pause wait for each other.
LATENCY_CASES = (("json", 1), ("chat", 1), ("stream", 1), ("paced", 16))
ADDED_P50, ADDED_P99, SHARE_OF_NGINX, IDLE_MB, BINARY_MB = 100, 500, 0.8, 8, 10


class Samples:
    """Figures by case, clients and program, one for each round."""

    def __init__(self):
        self.rows = []

    def add(self, number: int, case: str, clients: int, program: str, figures: dict) -> None:
        requests = figures["requests"]
        figures |= {"rate": requests / figures["seconds"], "cpu": 1e6 * figures["cpuSeconds"] / requests,
                    "ready": 1e6 * figures["readySeconds"] / requests}
        self.rows.append({"round": number, "case": case, "clients": clients, "program": program} | figures)

    def of(self, case: str, clients: int, program: str) -> list:
        return [row for row in self.rows if (row["case"], row["clients"], row["program"]) == (case, clients, program)]

    def median(self, case: str, clients: int, program: str, name: str) -> float:
        return statistics.median(row[name] for row in self.of(case, clients, program))

    def paired(self, case: str, clients: int, one: str, other: str, value) -> float | None:
        """Median over rounds of value(row of one, row of other)."""
        pairs = list(zip(self.of(case, clients, one), self.of(case, clients, other)))
        return statistics.median(value(a, b) for a, b in pairs) if pairs else None


def play(build: pathlib.Path, case: str, clients: int, milliseconds: int, port: int, processes: list) -> dict:
    kind, size, tokens, pause, _ = CASES[case]
    command = [build / "tests" / "gateway_load", "load", port, kind, size, tokens, pause, clients, milliseconds, *processes]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0 and not done.stdout:
        sys.exit(f"gateway_beside_peers: {case} with {clients} clients on port {port}: the client ended with {done.returncode}")
    return json.loads(done.stdout)


def print_table(samples: Samples, programs: list) -> None:
    print(f"\n{'case':11} {'clients':>7}  {'':15} {'p50':>9} {'p99':>9} {'first p50':>10} {'requests/s':>11} {'CPU':>9} {'ready':>9}")
    for case, clients in dict.fromkeys((row["case"], row["clients"]) for row in samples.rows):
        for program in programs:
            p50, p99, first, rate, cpu, ready = (samples.median(case, clients, program, name)
                                                 for name in ("p50", "p99", "firstP50", "rate", "cpu", "ready"))
            print(f"{case:11} {clients:7}  {program:15} {p50:6.0f} us {p99:6.0f} us {first:7.0f} us {rate:11.0f} {cpu:6.1f} us {ready:6.1f} us")


def verdict(value: float, bar: float, at_least: bool = False) -> str:
    """Met, or missed by which factor; what comes out further below zero than the bar is high is noise."""
    if value < -bar:
        return "cannot be told, the noise of the machine is larger"
    if (value >= bar) if at_least else (value <= bar):
        return "met"
    return f"missed by {bar / value if at_least else value / bar:.2f} x"


def overall(words: list) -> str:
    missed, untold = (sum(word.startswith(begin) for word in words) for begin in ("missed", "cannot"))
    said = ("met" if not untold else "not missed") if not missed else f"missed in {missed} of {len(words)}"
    return said if not untold else f"{said}, cannot be told in {untold} of {len(words)}"


def print_latency(samples: Samples) -> None:
    lines, words = [], []
    for case, clients in LATENCY_CASES:
        added = {name: samples.paired(case, clients, "gateway+guards", "direct", lambda a, b, name=name: a[name] - b[name])
                 for name in ("p50", "p99")}
        if added["p50"] is None:
            continue
        words += [verdict(added["p50"], ADDED_P50), verdict(added["p99"], ADDED_P99)]
        lines.append(f"   {case:11} {clients:3} clients: p50 {added['p50']:+.0f} us: {words[-2]}; p99 {added['p99']:+.0f} us: {words[-1]}")
        lines.append(f"{'':15} of a request's time the gateway has a processor for {samples.median(case, clients, 'gateway+guards', 'cpu'):.0f} us "
                     f"and waits for one for {samples.median(case, clients, 'gateway+guards', 'ready'):.0f} us")
        if samples.of(case, clients, "nginx"):
            plain = {name: samples.paired(case, clients, "nginx", "direct", lambda a, b, name=name: a[name] - b[name])
                     for name in ("p50", "p99")}
            lines.append(f"{'':15} nginx, which looks at nothing, adds {plain['p50']:+.0f} us and {plain['p99']:+.0f} us here")
        own = samples.paired("stream", clients, "direct", "direct", lambda a, _: a["p50"]) if case == "chat" else None
        if own:
            plain = samples.median("chat", clients, "direct", "p50")
            lines.append(f"{'':15} the engine itself needs to stream these tokens, as the gateway asks it to, longer by {own - plain:.0f} us")
    print(f"1. prompt and guardrails on, against the engine directly, p50 +{ADDED_P50} us, p99 +{ADDED_P99} us at most: {overall(words)}")
    print("\n".join(lines))


def print_throughput(samples: Samples, peer: str) -> None:
    lines, words = [], []
    for case, (_, _, _, _, many) in CASES.items():
        for clients in many:
            cpu = samples.paired(case, clients, "gateway", peer, lambda a, b: b["cpu"] / a["cpu"])
            wall = samples.paired(case, clients, "gateway", peer, lambda a, b: a["rate"] / b["rate"])
            if cpu is None:
                continue
            words.append(verdict(cpu, SHARE_OF_NGINX, at_least=True))
            said = f": {words[-1]}" if peer == "nginx" else ""
            lines.append(f"   {case:11} {clients:3} clients: {cpu:.2f} x by CPU, {wall:.2f} x by wall{said}")
    if peer == "nginx":
        print(f"2. throughput without guardrails, at least {SHARE_OF_NGINX} x nginx, by requests per CPU second of the program "
              f"(by wall engine and client share the processors): {overall(words)}")
    else:
        print("3. the same beside Envoy, for information (CPU of all its threads)")
    print("\n".join(lines))


def stripped_mb(program: pathlib.Path, folder: pathlib.Path) -> float:
    copy = folder / "stripped"
    shutil.copy(program, copy)
    subprocess.run(["strip", copy], check=True)
    return copy.stat().st_size / 1e6


def measure(arguments, build: pathlib.Path, folder: pathlib.Path, programs: list) -> int:
    engine = subprocess.Popen([build / "tests" / "gateway_load", "engine", str(ENGINE)])
    try:
        gateway = gateway_peers.start_gateway(build, folder, ENGINE, GATEWAY, False)
        programs.append(gateway)
        programs.append(gateway_peers.start_gateway(build, folder, ENGINE, GUARDED, True))
        time.sleep(1)  # what starting took is freed
        threads, idle = gateway.threads(), {program.name: program.anonymous_mb() for program in programs}
        if not arguments.no_peers:
            for name, start, port in (("nginx", gateway_peers.start_nginx, NGINX), ("Envoy", gateway_peers.start_envoy, ENVOY)):
                peer = start(folder, ENGINE, port, threads)
                programs += [peer] if peer else []
                if not peer:
                    print(f"{name} cannot be had here: this run goes on without it")
        print(f"{threads} worker(s) each; {arguments.rounds} rounds of {arguments.milliseconds} ms; load of the machine "
              f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; "
              + ", ".join(f"{program.name} {program.version}" for program in programs))
        rules = gateway_peers.guardrails()[0]["spec"]["rules"]
        print("guardrails: " + ", ".join(rule["type"] for rule in rules))
        played = [(case, clients) for case in CASES for clients in CASES[case][4]
                  if arguments.only in (None, case, f"{case}:{clients}")]
        for case in dict.fromkeys(case for case, _ in played):
            print(f"  {case:11} {SAID[case]}")
        sys.stdout.flush()
        samples = Samples()
        targets = [("direct", ENGINE, [engine.pid])] + [(each.name, each.port, each.processes) for each in programs]
        for number in range(arguments.rounds):
            for case, clients in played:
                for name, port, processes in targets[number % len(targets):] + targets[:number % len(targets)]:
                    figures = play(build, case, clients, arguments.milliseconds, port, processes)
                    samples.add(number, case, clients, name, figures)
        used = {program.name: program.anonymous_mb() for program in programs}
    finally:
        engine.kill()
        engine.wait()

    print_table(samples, [name for name, _, _ in targets])
    print("\nThe bars (DESIGN: one run, medians over rounds)")
    print_latency(samples)
    for name in ("nginx", "envoy"):
        if name in used:
            print_throughput(samples, name)
    size = stripped_mb(build / "bin" / "llmops-gateway", folder)
    print(f"4. idle anonymous memory of the gateway at most {IDLE_MB} MB: {verdict(max(idle.values()), IDLE_MB)}: "
          + ", ".join(f"{name} {mb:.1f} MB" for name, mb in idle.items())
          + " (after the run: " + ", ".join(f"{name} {mb:.1f} MB" for name, mb in used.items()) + ")")
    print(f"   stripped binary at most {BINARY_MB} MB: {verdict(size, BINARY_MB)}: {size:.1f} MB")
    failures = sum(row["failures"] for row in samples.rows)
    print(f"failed requests: {failures}")
    arguments.output.write_text(json.dumps({
        "rounds": arguments.rounds, "milliseconds": arguments.milliseconds, "workers": threads,
        "versions": {program.name: program.version for program in programs}, "idleAnonymousMB": idle, "usedAnonymousMB": used,
        "strippedMB": size, "samples": samples.rows}, indent=1) + "\n")
    print(f"raw figures (times in microseconds): {arguments.output}")
    return 0 if failures == 0 else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--milliseconds", type=int, default=300)
    parser.add_argument("--only")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.output = arguments.output or arguments.build.parent / "bench-gateway.json"
    programs = []
    with tempfile.TemporaryDirectory(prefix="bench-gateway-") as folder:
        try:
            return measure(arguments, arguments.build, pathlib.Path(folder), programs)
        finally:
            for program in programs:
                program.end()


if __name__ == "__main__":
    sys.exit(main())

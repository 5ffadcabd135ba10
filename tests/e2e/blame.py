"""Which kill explains a failed request of the load client, and which failed requests no kill explains."""
import collections
import json

# Until clients reach a dead gateway no more: its kubelet sees the end, then kube-proxy the endpoints' change.
GATEWAY_SECONDS = 3.0
# A deleted engine pod ends up to two seconds later (the kubelet's least grace); gateways know of it before.
ENGINE_SECONDS = {"SIGKILL": 0.5, "deleted": 3.0}
BROKEN = ("connect", "reset", "no-done")  # what a client sees of a gateway that is gone
# All that may be lost with an engine: a stream of which the client has a part. Its gateway says so; everything else is
# asked of another engine.
CUT = "stream-error"
SLACK_SECONDS = 0.1


def cause(entry):
    """In words, for counting."""
    kind, detail = entry["kind"], entry.get("detail") or ""
    if kind == "connect":
        return "connection refused" if "Errno 111" in detail else f"no connection: {detail[:60]}"
    if kind == "reset":
        return "connection closed in the body" if "body" in detail else "connection closed before an answer"
    if kind == "no-done":
        return "stream cut"
    if kind in ("status", "stream-error"):
        try:
            text = entry["body"] if kind == "status" else detail.partition(": ")[2] or detail
            error = json.loads(text)
            error = error.get("error", error)
            return f"{entry['status']} {error.get('code') or error.get('type')}: {error['message'][:70]}"
        except (ValueError, KeyError, TypeError, AttributeError):
            return f"{kind} {entry['status']}: {detail[:70]}"
    return kind


def blamed(entry, kills):
    """The latest kill that a failed request was in the way of; None when there is none."""
    begin, end = entry["t"], entry["t"] + entry["ms"] / 1000
    for kill in sorted(kills, key=lambda kill: kill.began, reverse=True):
        if end < kill.began - SLACK_SECONDS:
            continue
        if kill.target == "gateway" and entry["kind"] in BROKEN and begin <= kill.ended + GATEWAY_SECONDS:
            return kill
        if kill.target == "engine" and entry["kind"] == CUT and begin <= kill.ended + ENGINE_SECONDS[kill.way]:
            return kill
    return None


def table(failures, kills):
    """Rows (cause, blamed on, count), the most frequent first; and the failures that no kill explains."""
    counts, unexplained = collections.Counter(), []
    for entry in failures:
        kill = blamed(entry, kills)
        counts[cause(entry), f"{kill.target} {kill.way}" if kill else "no kill"] += 1
        if kill is None:
            unexplained.append(entry)
    return [(what, whom, count) for (what, whom), count in counts.most_common()], unexplained


def read_log(path):
    """All requests of a load client's log."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.endswith("\n")]

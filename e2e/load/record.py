"""Counts of a load run, its log of requests and its summary file."""
import collections
import json
import os
import time

MAX_FAILURES_KEPT = 200


def percentile(sorted_values, share):
    return round(sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))], 1) if sorted_values else None


class Record:
    def __init__(self, summary_path, log_path):
        self.summary_path = summary_path
        self.log = open(log_path, "w", encoding="utf-8") if log_path else None
        self.started = None  # time of the first 200
        self.requests = self.late = self.streams = 0
        self.arms = collections.Counter()
        self.revisions = collections.Counter()
        self.kinds = collections.Counter()
        self.failures = []
        self.latencies = []

    def count(self, entry):
        """entry: {t, conversation, turn, stream, ms, status, kind, detail, headers, body?} of one ended request."""
        self.requests += 1
        self.streams += entry["stream"]
        headers = entry.get("headers") or {}
        arm = headers.get("x-llmops-arm", "none")
        self.arms[arm] += 1
        self.revisions[f"{arm} {headers.get('x-llmops-revision', '?')}"] += 1
        if entry["kind"]:
            self.kinds[entry["kind"]] += 1
            if len(self.failures) < MAX_FAILURES_KEPT:
                self.failures.append(entry)
        else:
            self.latencies.append(entry["ms"])
        if self.log:
            short = {key: value for key, value in entry.items() if key != "headers" or entry["kind"]}
            short["arm"], short["revision"], short["epoch"] = arm, headers.get("x-llmops-revision"), headers.get("x-llmops-epoch")
            self.log.write(json.dumps(short, ensure_ascii=False) + "\n")

    @property
    def failed(self):
        return sum(self.kinds.values())

    def summary(self, running):
        latencies = sorted(self.latencies[-20000:])
        return {"running": running, "started": self.started, "now": time.time(), "requests": self.requests,
                "failed": self.failed, "failedByKind": dict(self.kinds), "late": self.late, "streams": self.streams,
                "arms": dict(self.arms), "revisions": dict(self.revisions),
                "ms": {"p50": percentile(latencies, 0.5), "p99": percentile(latencies, 0.99)},
                "failures": self.failures}

    def write_summary(self, running):
        if self.log:
            self.log.flush()
        if not self.summary_path:
            return
        partial = f"{self.summary_path}.partial"
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(self.summary(running), file, ensure_ascii=False, indent=1)
        os.replace(partial, self.summary_path)

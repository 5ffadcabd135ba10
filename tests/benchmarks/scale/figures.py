"""What a process used, and what it asked of the API server."""
import collections
import dataclasses
import json
import os
import threading
import time

READS = ("get", "list", "watch")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.2


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def memory(pid):
    """Resident and anonymous megabytes (of 2^20 bytes)."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        kilobytes = {line.split()[0]: int(line.split()[1]) for line in file if line.startswith(("VmRSS:", "RssAnon:"))}
    return {"resident": kilobytes["VmRSS:"] / 1024, "anonymous": kilobytes["RssAnon:"] / 1024}


class PeakMemory:
    """The most that was seen between two points of a program."""

    def __init__(self, pid):
        self._pid, self._ended, self.peak = pid, threading.Event(), memory(pid)

    def _watch(self):
        while not self._ended.wait(SAMPLE_SECONDS):
            self.peak = {key: max(value, self.peak[key]) for key, value in memory(self._pid).items()}

    def __enter__(self):
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


@dataclasses.dataclass
class Used:
    """Between two points: CPU, and requests by "verb resource"."""
    seconds: float
    cpu_seconds: float
    requests: collections.Counter

    def count(self, reads):
        return sum(n for name, n in self.requests.items() if (name.split()[0] in READS) == reads)

    def document(self, releases=None):
        document = {"seconds": round(self.seconds, 1), "cpuSeconds": round(self.cpu_seconds, 2), "reads": self.count(True), "writes": self.count(False),
                    "requests": dict(self.requests.most_common())}
        if releases:
            document["perRelease"] = {"cpuMilliseconds": round(self.cpu_seconds * 1000 / releases, 2),
                                      "reads": round(self.count(True) / releases, 2), "writes": round(self.count(False) / releases, 2)}
        return document


class Meter:
    """Counts from its creation, or from the last `take`."""

    def __init__(self, pid, audit_log, user):
        self._pid, self._audit_log, self._user, self._offset = pid, audit_log, user, 0
        self._since, self._cpu = time.monotonic(), cpu_seconds(pid)
        self._requests()

    def take(self):
        requests = self._requests()
        now, cpu = time.monotonic(), cpu_seconds(self._pid)
        used = Used(now - self._since, cpu - self._cpu, requests)
        self._since, self._cpu = now, cpu
        return used

    def _requests(self):
        counts = collections.Counter()
        if not self._audit_log.exists():
            return counts
        with open(self._audit_log, "rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                event = json.loads(line)
                # A watch is told twice: when it began, and when it ended.
                if event["user"]["username"] != self._user or (event["verb"] == "watch" and event["stage"] != "ResponseStarted"):
                    continue
                about = event.get("objectRef", {})
                name = "/".join(filter(None, (about.get("resource", event["requestURI"]), about.get("subresource"))))
                counts[f"{event['verb']} {name}"] += 1
        return counts

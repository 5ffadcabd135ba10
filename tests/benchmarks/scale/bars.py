"""The bars, and how far the figures are from them."""
import dataclasses


@dataclasses.dataclass
class Bar:
    what: str
    found: float
    limit: float
    unit: str = ""
    sign: str = "≤"  # ≤ | < | ≥
    why: str = ""

    @property
    def met(self):
        return {"≤": self.found <= self.limit, "<": self.found < self.limit, "≥": self.found >= self.limit}[self.sign]

    def line(self):
        text = f"{self.what:<58} {number(self.found):>9} {self.sign} {number(self.limit):<8} {self.unit:<14}"
        if self.met:
            return text + "met"
        times = self.limit / self.found if self.sign == "≥" else self.found / self.limit
        return text + f"missed, {times:.2f} times the bar" + (f": {self.why}" if self.why else "")


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def top(requests, releases):
    """What it asked for most often, for each release."""
    return ", ".join(f"{name} {count / releases:.1f}" for name, count in list(requests.items())[:5])


def beside(figures):
    ours, theirs = figures["operator"]["moving"], figures["argo"]["moving"]
    releases = ours["releases"]
    mine, other = ours["perRelease"], theirs["perRelease"]
    asked = top(ours["requests"], releases)
    return [
        Bar("memory, peak while moving: operator / Argo Rollouts", ours["memory"]["resident"] / theirs["memory"]["resident"], 0.1,
            "resident", why=f"{ours['memory']['resident']:.1f} beside {theirs['memory']['resident']:.1f} MiB"),
        Bar("CPU for each release: operator / Argo Rollouts", mine["cpuMilliseconds"] / other["cpuMilliseconds"], 0.2,
            why=f"{mine['cpuMilliseconds']} beside {other['cpuMilliseconds']} ms"),
        Bar("API requests for each release: operator", mine["reads"] + mine["writes"], other["reads"] + other["writes"],
            "of Argo", sign="<", why=f"{mine['reads']} reads and {mine['writes']} writes; {asked}"),
    ]


def judge(figures):
    bars = beside(figures) if "operator" in figures and "argo" in figures else []
    if cached := figures.get("cached"):
        for when, key in (("grown to", "grown"), ("after a restart", "restarted")):
            each = (cached[key]["anonymous"] - cached["idle"]["anonymous"]) * 1024 / cached["objects"]
            bars.append(Bar(f"{cached['objects']} ModelDeployments cached ({when})", cached[key]["anonymous"], 60, "MiB anonymous",
                            why=f"{each:.1f} KiB each"))
    if local := figures.get("local"):
        for name, rate in local["settledPassesPerCoreSecond"].items():
            bars.append(Bar(f"no-op pass, {name}", rate, 50_000, "/s/core", sign="≥",
                            why="the documents of all children are built and digested again"))
        for name, size in local["strippedMegabytes"].items():
            bars.append(Bar(f"{name}, stripped", size, 10, "MB"))
    if operator := figures.get("operator"):
        bars.append(Bar("operator idle", operator["idle"]["anonymous"], 10, "MiB anonymous"))
    return bars


def rows():
    """(what, how to read it from the figures of one of the two); megabytes are of 2^20 bytes."""
    def megabytes(*path):
        def read(one):
            for key in path:
                one = one[key]
            return f"{one['resident']:.1f} / {one['anonymous']:.1f}"
        return read

    moving = lambda key: lambda one: one["moving"]["perRelease"][key]  # noqa: E731
    return [("MiB resident / anonymous: idle", megabytes("idle")), ("  at rest", megabytes("rest", "memory")),
            ("  peak while moving", megabytes("moving", "memory")), ("  at rest after a restart", megabytes("restarted")),
            ("at rest: CPU ms and requests in 20 s", lambda one: f"{one['rest']['cpuSeconds'] * 1000:.0f}, {one['rest']['reads'] + one['rest']['writes']}"),
            ("a new object: CPU ms", lambda one: one["create"]["perRelease"]["cpuMilliseconds"]),
            ("a release: CPU ms", moving("cpuMilliseconds")), ("  reads", moving("reads")), ("  writes", moving("writes"))]


def print_beside(figures):
    print(f"{'':<40} {'llmops-operator':>18} {'Argo Rollouts':>18}")
    for what, read in rows():
        print(f"{what:<40} {read(figures['operator']):>18} {read(figures['argo']):>18}")


def print_bars(figures):
    if "operator" in figures and "argo" in figures:
        print_beside(figures)
    for bar in judge(figures):
        print(bar.line(), flush=True)

"""What needs no cluster: a pass over a settled ModelDeployment, and the size of the programs."""
import json
import subprocess
import tempfile
from pathlib import Path

PROGRAMS = ("llmops-operator", "llmops-gateway", "llmops-evaluator", "llmops")
MEGABYTE = 1e6


def passes_per_core_second(benchmark):
    done = subprocess.run([benchmark, "--benchmark_format=json", "--benchmark_min_time=1"], check=True, stdout=subprocess.PIPE)
    # Nanoseconds of CPU for each pass.
    return {one["name"]: round(1e9 / one["cpu_time"]) for one in json.loads(done.stdout)["benchmarks"]}


def stripped_megabytes(program):
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(["strip", "-o", file.name, program], check=True)
        return round(Path(file.name).stat().st_size / MEGABYTE, 2)


def local_figures(build):
    return {"settledPassesPerCoreSecond": passes_per_core_second(build / "tests" / "operator_decide"),
            "strippedMegabytes": {name: stripped_megabytes(build / "bin" / name) for name in PROGRAMS}}

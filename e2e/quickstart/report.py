"""The end of the quickstart: the table, and the same as JSON."""
import json
import os


def result_document(load, outcomes, failed_on_purpose=0):
    """{requests, failed, failedOnPurpose, arms: {stable, candidate}, phases: [{name, result, seconds, newPods, decision}]}"""
    return {"requests": load["requests"], "failed": load["failed"], "failedOnPurpose": failed_on_purpose,
            "arms": {name: count for name, count in sorted(load["arms"].items())},
            "phases": [outcome.to_json() for outcome in outcomes]}


def write_json(path, document):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=2)
        file.write("\n")


def shown(value):
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def table_rows(outcomes):
    rows = [("phase", "result", "seconds", "new pods", "gate", "metric", "value", "margin", "n", "verdict")]
    for outcome in outcomes:
        d = outcome.decision
        rows.append((outcome.name, outcome.result, f"{outcome.seconds:.1f}", outcome.newPods, shown(d["gate"]), shown(d["metric"]),
                     shown(d["value"]), shown(d["margin"]), shown(d["n"]), shown(d["verdict"])))
    return rows


def arm_rows(load):
    rows = [("arm", "revision", "requests")]
    for key, count in sorted(load["revisions"].items(), key=lambda item: (item[0].split()[-1], item[0])):
        arm, _, revision = key.partition(" ")
        rows.append((arm, revision, count))
    return rows

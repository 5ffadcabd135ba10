"""What a release was decided on, read from its EvalRuns."""

VERDICTS = ("Successful", "Failed", "Inconclusive", "Error")


def number(text):
    """Decimal strings of the API as numbers; None stays None."""
    return None if text in (None, "") else float(text)


def ended(eval_runs):
    return [run for run in eval_runs if run.get("status", {}).get("phase") in VERDICTS]


def telling_metric(eval_run):
    """The metric that made the verdict; the first one when all passed."""
    metrics = eval_run["status"].get("metrics", [])
    deciding = [m for m in metrics if m["verdict"] == eval_run["status"]["phase"]]
    return (deciding or metrics or [{}])[0]


def metric_by_scorer(eval_run, scorer):
    for metric in eval_run["status"].get("metrics", []):
        if metric["scorer"].split(":")[0] == scorer:
            return metric
    return None


def decision_of(eval_runs):
    """{gate, metric, value, margin, n, verdict} of the judgement that decided, the first one where all passed; nulls when nothing
    was judged. The value is the difference to stable, or the candidate's own where there was no stable."""
    runs = ended(eval_runs)
    if not runs:
        return {"gate": None, "metric": None, "value": None, "margin": None, "n": None, "verdict": None}
    run = next((run for run in runs if run["status"]["phase"] != "Successful"), runs[0])
    metric = telling_metric(run)
    compared = metric.get("difference") is not None
    return {"gate": run["spec"]["gate"], "metric": metric.get("name"),
            "value": number(metric.get("difference") if compared else metric.get("candidate")),
            "margin": number((metric.get("margin") or "").removesuffix(" %")) if compared else None, "n": metric.get("n"),
            "verdict": run["status"]["phase"]}


def short(text):
    """A decimal string without the zeros that say nothing."""
    return "?" if text in (None, "") else f"{float(text):g}"


def metric_line(metric):
    """One metric in words, for people."""
    words = [metric["name"], short(metric.get("candidate"))]
    if metric.get("stable") is not None:
        words.append(f"against {short(metric['stable'])} of stable")
    if metric.get("margin") is not None and metric.get("difference") is not None:
        words.append(f"(difference {short(metric['difference'])}, margin {short(metric['margin'].removesuffix(' %'))})")
    return " ".join(words) + f", n {metric['n']}, unscored {metric['unscored']}: {metric['verdict']}"

"""Rights and their use: the rules of Roles against the calls in the API server's audit log, both ways."""

# Needed, but never seen as a call of their own: (group, resource, verb) → why.
CHECKED_ELSEWHERE = {
    ("llmops.dev", "modeldeployments/finalizers", "update"): "admission asks for it when a child names its owner with blockOwnerDeletion",
    ("llmops.dev", "evalruns/finalizers", "update"): "likewise",
}


def expand(rules):
    """Every (group, resource, verb) that the rules allow; names of objects are left out."""
    return {(group, resource, verb) for rule in rules for group in rule.get("apiGroups", []) for resource in rule.get("resources", [])
            for verb in rule.get("verbs", [])}


def call_of(event):
    """(group, resource, verb) of a call in the audit log; None where it was about no resource."""
    target = event.get("objectRef")
    if not target or "resource" not in target:
        return None
    resource = target["resource"] + (f"/{target['subresource']}" if target.get("subresource") else "")
    return target.get("apiGroup", ""), resource, event["verb"]


def unused(rules, calls, granted=frozenset()):
    """What is allowed and was never done, nor is allowed to others who do it: a Role can grant only what its maker may do."""
    return sorted(expand(rules) - set(calls) - set(granted) - set(CHECKED_ELSEWHERE))


def beyond(rules, calls):
    """What was done and is in no rule: allowed by something else than these Roles, or refused."""
    return sorted(set(calls) - expand(rules))


def words(right):
    group, resource, verb = right
    return f"{verb} {resource}{'.' + group if group else ''}"

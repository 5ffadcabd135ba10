"""Who may reach which port of which pod: the meaning of NetworkPolicies (networking.k8s.io/v1), without a cluster.

A pod that no policy selects for a direction is open in it; else the union of the rules of the policies that select it is
allowed. A connection needs the source's egress and the target's ingress. What a pod gets from its own node (probes of the
kubelet) is outside of NetworkPolicies, and so it is here. Address blocks (`ipBlock`) match addresses outside of the cluster.
"""
import dataclasses
import ipaddress


@dataclasses.dataclass(frozen=True)
class Pod:
    """A pod, or with an address and without a namespace something outside of the cluster."""
    name: str
    namespace: str = ""
    labels: tuple = ()
    ports: tuple = ()  # (name, number)
    address: str = ""


def pod_of(manifest):
    """From a Pod as the API server has it, or as the tests keep it (`ports` beside metadata)."""
    meta = manifest["metadata"]
    ports = list(manifest.get("ports", []))
    for container in manifest.get("spec", {}).get("containers", []):
        ports += container.get("ports", [])
    return Pod(meta["name"], meta.get("namespace", ""), tuple(sorted(meta.get("labels", {}).items())),
               tuple((p.get("name", ""), p["containerPort"]) for p in ports))


def selects(selector, labels):
    """metav1.LabelSelector; an empty one selects everything."""
    labels = dict(labels)
    unknown = set(selector) - {"matchLabels", "matchExpressions"}
    if unknown:
        raise ValueError(f"selector: found {sorted(unknown)}, allowed matchLabels, matchExpressions")
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for one in selector.get("matchExpressions") or []:
        key, operator, values = one["key"], one["operator"], one.get("values", [])
        good = {"In": labels.get(key) in values and key in labels, "NotIn": key not in labels or labels[key] not in values,
                "Exists": key in labels, "DoesNotExist": key not in labels}[operator]
        if not good:
            return False
    return True


def peer_matches(peer, other, policy_namespace, namespaces):
    if "ipBlock" in peer:
        if not other.address:
            return False
        address, block = ipaddress.ip_address(other.address), peer["ipBlock"]
        inside = address in ipaddress.ip_network(block["cidr"])
        return inside and not any(address in ipaddress.ip_network(out) for out in block.get("except", []))
    if not other.namespace:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], namespaces[other.namespace]):
            return False
    elif other.namespace != policy_namespace:
        return False
    return selects(peer.get("podSelector", {}), other.labels)


def port_matches(rule_port, target, port, protocol):
    if rule_port.get("protocol", "TCP") != protocol:
        return False
    wanted = rule_port.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return (wanted, port) in target.ports
    return wanted <= port <= rule_port.get("endPort", wanted)


def types_of(spec):
    return spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"])


def allows(policies, direction, selected, other, target, port, protocol, namespaces):
    """Whether `selected` may send (Egress) to or be sent (Ingress) by `other`."""
    rules_key, peers_key = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    mine = [p for p in policies if p["metadata"]["namespace"] == selected.namespace and direction in types_of(p["spec"])
            and selects(p["spec"]["podSelector"], selected.labels)]
    if not mine:
        return True
    for policy in mine:
        for rule in policy["spec"].get(rules_key) or []:
            peers, ports = rule.get(peers_key) or [], rule.get("ports") or []
            if peers and not any(peer_matches(p, other, selected.namespace, namespaces) for p in peers):
                continue
            if ports and not any(port_matches(p, target, port, protocol) for p in ports):
                continue
            return True
    return False


def may_reach(policies, namespaces, source, target, port, protocol="TCP"):
    """`namespaces`: name → labels. Policies need metadata.namespace."""
    out = not source.namespace or allows(policies, "Egress", source, target, target, port, protocol, namespaces)
    into = not target.namespace or allows(policies, "Ingress", target, source, target, port, protocol, namespaces)
    return out and into

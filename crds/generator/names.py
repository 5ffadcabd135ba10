"""From the names of the API to the names of C++."""
import re

KEYWORDS = frozenset("""
alignas alignof and asm auto bool break case catch char class concept const continue default delete do double
else enum explicit export extern false float for friend goto if inline int long mutable namespace new not
operator or private protected public register requires return short signed sizeof static struct switch template
this throw true try typedef typename union unsigned using virtual void volatile while xor
""".split())

# Types of optional members that take no room where they are absent: large, and most objects at rest are without.
BOXED = frozenset(("RunStatus", "AsideStatus", "GuardrailSwap", "LastCommand", "HeldRevision"))


def snake(name):
    """servedModelName -> served_model_name, podUID -> pod_uid, GatewayConfig -> gateway_config."""
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).lower()


def member(name):
    """The C++ member of a field; a keyword gets a trailing underscore."""
    text = snake(name)
    return text + "_" if text in KEYWORDS else text


def pascal(name):
    """char-f1 -> CharF1, setWeight -> SetWeight, Pause -> Pause."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name) if word)

"""Reasons of events stand in one table, and docs/events.md tells of each."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CORE = ROOT / "controllers/modeldeployment"


def end_of_call(text, at):
    open_parentheses = 1
    while open_parentheses:
        open_parentheses += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def told():
    """(file, text) of every note that the release engine tells."""
    for path in sorted(CORE.rglob("*.cpp")):
        text = path.read_text(encoding="utf-8")
        for call in re.finditer(r"notes\.push_back\(", text):
            yield path.name, text[call.start():end_of_call(text, call.end())]


class EventReasons(unittest.TestCase):
    def setUp(self):
        table = (CORE / "core/events.hpp").read_text(encoding="utf-8")
        self.constants = dict(re.findall(r'k(\w+) = "(\w+)";', table))

    def test_are_named_as_they_read(self):
        self.assertGreater(len(self.constants), 20)
        self.assertEqual([name for name, reason in self.constants.items() if name != reason], [])

    def test_are_told_from_the_table_alone(self):
        for file, call in told():
            with self.subTest(f"{file}: {call[:60]}"):
                self.assertIn("events::k", call)
                self.assertNotRegex(call, r'[{?:]\s*(?:true|false)?,?\s*"[A-Z][A-Za-z]+"\s*[,:]')

    def test_are_all_in_use(self):
        used = {name for _, call in told() for name in re.findall(r"events::k(\w+)", call)}
        self.assertEqual(used, set(self.constants))

    def test_are_documented(self):
        document = (ROOT / "docs/events.md").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r"^\| `(\w+)` \| (?:Normal|Warning) \|", document, re.M)), set(self.constants))

    def test_are_told_without_a_time_of_day(self):
        """Else nothing would be counted together."""
        for file, call in told():
            with self.subTest(file):
                self.assertNotIn("format_timestamp", call)


if __name__ == "__main__":
    unittest.main()

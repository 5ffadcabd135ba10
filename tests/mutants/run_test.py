#!/usr/bin/env python3
"""The runner of mutants, without building anything."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]
import run  # noqa: E402

TABLE = '''binary = "a_test"
[[mutant]]
name = "first"
why = "it matters"
file = "a.cpp"
old = "x < y"
new = "x <= y"
test = "A.b"
'''


class Mutants(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "tests").mkdir()
        (self.root / "tests" / "a_test.cpp").write_text("TEST_F(A,\n       b) {}\n", encoding="utf-8")

    def read(self, table=TABLE):
        (self.root / "a.toml").write_text(table, encoding="utf-8")
        return run.read_tables(self.root)

    def stale(self, source, table=TABLE):
        (self.root / "a.cpp").write_text(source, encoding="utf-8")
        return run.stale(self.read(table), self.root)

    def test_one_that_applies_once_and_names_a_test_is_fine(self):
        self.assertEqual(self.stale("if (x < y) go();"), [])

    def test_one_whose_place_is_not_there_or_not_alone_is_told(self):
        self.assertIn("is there 0 times", self.stale("if (y > x) go();")[0])
        self.assertIn("is there 2 times", self.stale("x < y && x < y")[0])

    def test_one_that_names_no_test_is_told(self):
        self.assertIn("no test is called A.c", self.stale("x < y", TABLE.replace("A.b", "A.c"))[0])

    def test_only_the_place_changes(self):
        self.assertEqual(run.mutated("if (x < y) go();", self.read()[0]), "if (x <= y) go();")

    def test_a_change_that_changes_nothing_is_refused(self):
        with self.assertRaises(ValueError):
            run.mutated("x < y", self.read(TABLE.replace("x <= y", "x < y"))[0])

    def test_a_table_with_a_missing_field_or_a_name_twice_is_refused(self):
        with self.assertRaises(SystemExit):
            self.read(TABLE.replace('why = "it matters"\n', ""))
        with self.assertRaises(SystemExit):
            self.read(TABLE + TABLE[TABLE.index("[[") :])

    def test_a_mutant_and_a_table_can_be_chosen_and_an_unknown_name_is_refused(self):
        mutants = self.read()
        self.assertEqual(run.chosen(mutants, ["first"]), mutants)
        self.assertEqual(run.chosen(mutants, ["a"]), mutants)
        with self.assertRaises(SystemExit):
            run.chosen(mutants, ["none"])


if __name__ == "__main__":
    unittest.main()

"""Which failed requests a kill explains."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(ROOT, "e2e", "harness")]
from blame import blamed, cause, table  # noqa: E402
from kills import Kill  # noqa: E402

GATEWAY = Kill("gateway", "SIGKILL", "g", 100.0, 100.2)
ENGINE = Kill("engine", "SIGKILL", "e", 200.0, 200.1)
OPERATOR = Kill("operator", "SIGKILL", "o", 300.0, 300.1)
KILLS = [GATEWAY, ENGINE, OPERATOR]


def failure(kind, begin, seconds=0.01, **more):
    return {"kind": kind, "t": begin, "ms": seconds * 1000, "detail": "", "status": None, **more}


class BlameTest(unittest.TestCase):
    def test_a_broken_connection_is_blamed_on_the_gateway_that_was_killed_under_it_or_just_before(self):
        for kind in ("connect", "reset", "no-done"):
            self.assertIs(blamed(failure(kind, 99.0, seconds=1.5), KILLS), GATEWAY)
            self.assertIs(blamed(failure(kind, 102.0), KILLS), GATEWAY)

    def test_nothing_else_is_blamed_on_a_gateway(self):
        self.assertIsNone(blamed(failure("status", 100.1, status=503), KILLS))
        self.assertIsNone(blamed(failure("timeout", 90.0, seconds=30), KILLS))
        self.assertIsNone(blamed(failure("connect", 98.0), KILLS))
        self.assertIsNone(blamed(failure("connect", 104.0), KILLS))

    def test_a_stream_that_was_under_way_may_be_lost_with_an_engine_and_nothing_else(self):
        self.assertIs(blamed(failure("stream-error", 199.5, seconds=0.6), KILLS), ENGINE)
        self.assertIsNone(blamed(failure("stream-error", 201.0), KILLS), "it began later")
        for kind in ("connect", "reset", "no-done"):
            self.assertIsNone(blamed(failure(kind, 200.0), KILLS), "its gateway lives, and has to answer")
        self.assertIsNone(blamed(failure("status", 199.9, seconds=0.2, status=502), KILLS), "another engine could answer")

    def test_a_deleted_engine_pod_takes_its_time(self):
        deleted = Kill("engine", "deleted", "e", 200.0, 200.1)
        self.assertIs(blamed(failure("stream-error", 201.5, seconds=0.6), [deleted]), deleted)

    def test_of_two_kills_the_later_one_is_blamed(self):
        later = Kill("gateway", "deleted", "h", 101.0, 101.1)
        self.assertIs(blamed(failure("reset", 100.5, seconds=1.0), [*KILLS, later]), later)

    def test_users_do_not_notice_an_operator(self):
        for kind in ("connect", "reset", "no-done", "status", "timeout"):
            self.assertIsNone(blamed(failure(kind, 300.0), KILLS))

    def test_causes_are_counted_with_whom_they_are_blamed_on(self):
        refused = failure("connect", 101.0, detail="connect: [Errno 111] Connect call failed")
        rows, unexplained = table([refused, refused, failure("timeout", 10.0)], KILLS)
        self.assertEqual(rows, [("connection refused", "gateway SIGKILL", 2), ("timeout", "no kill", 1)])
        self.assertEqual([entry["kind"] for entry in unexplained], ["timeout"])

    def test_an_error_of_the_gateway_is_named_by_status_code_and_message(self):
        entry = failure("status", 1.0, status=503, body='{"error": {"code": "unavailable", "message": "no engine has been able to answer"}}')
        self.assertEqual(cause(entry), "503 unavailable: no engine has been able to answer")
        self.assertEqual(cause(failure("status", 1.0, status=502, body="<html>", detail="502: <html>")), "status 502: 502: <html>")
        event = failure("stream-error", 1.0, status=200, detail='stream-error: {"code": "cut", "message": "the engine ended"}')
        self.assertEqual(cause(event), "200 cut: the engine ended")


if __name__ == "__main__":
    unittest.main()

"""What counts as a right that is lacking."""
import json
import os
import sys
import tempfile
import unittest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..")]
from stage import OPERATOR_USER, AuditLog  # noqa: E402


def event(verb, resource, code, user=OPERATOR_USER):
    message = f'{resource} is forbidden: User "{user}" cannot {verb}' if code == 403 else ""
    return {"stage": "ResponseComplete", "user": {"username": user}, "verb": verb, "objectRef": {"resource": resource},
            "responseStatus": {"code": code, "message": message}}


class Forbidden(unittest.TestCase):
    def forbidden(self, *events):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as log:
            audit = AuditLog(log.name)
            log.write("".join(json.dumps(one) + "\n" for one in events))
            log.flush()
            return audit.forbidden()

    def test_a_right_that_is_lacking_is_told_once(self):
        self.assertEqual(len(self.forbidden(event("get", "secrets", 403), event("get", "secrets", 403), event("list", "secrets", 200))), 1)

    def test_a_refusal_of_what_was_allowed_at_another_time_is_none(self):
        self.assertEqual(self.forbidden(event("watch", "pods", 403), event("watch", "pods", 200)), [])

    def test_other_users_are_no_concern(self):
        self.assertEqual(self.forbidden(event("get", "secrets", 403, "admin")), [])


if __name__ == "__main__":
    unittest.main()

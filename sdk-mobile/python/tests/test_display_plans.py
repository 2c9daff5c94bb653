"""What the core shows through bindings of this kind, and when, for sessions that were recorded: the same,
byte for byte, as on every other platform."""

import unittest

import parlor_rehearsal
from running import ROOT

PLANS = ROOT / "fixtures/plans"


class DisplayPlans(unittest.TestCase):
    def test_there_are_recordings_to_rehearse(self):
        self.assertGreaterEqual(len(list(PLANS.glob("*.json"))), 5)

    def test_every_recording_is_shown_as_everywhere_else(self):
        for recording in sorted(PLANS.glob("*.json")):
            with self.subTest(recording.name):
                expected = recording.with_suffix(".plan").read_bytes()
                plan = parlor_rehearsal.rehearse(recording.read_text(encoding="utf-8"))
                self.assertEqual(plan.encode(), expected)

    def test_what_is_no_recording_is_an_error(self):
        with self.assertRaises(parlor_rehearsal.RehearsalError.Malformed) as caught:
            parlor_rehearsal.rehearse("{")
        self.assertIn("malformed", str(caught.exception))

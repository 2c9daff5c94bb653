"""Cases about points: docs/economy.md, "Disputes"."""

from books import MOVED_MAX, Refused, check_moved

OWN_OPEN_MAX = 5
STAFF_OPEN_MAX = 50
OWN_DAILY_MAX = 20
STAFF_DAILY_MAX = 100
DAY_MS = 86_400_000
WORDS_BYTES_MAX = 1_000


class Case:
    def __init__(self, who, about, by, is_by_staff, now):
        self.who = who
        self.about = about
        self.opened_by = by
        self.is_by_staff = is_by_staff
        self.opened_at = now
        self.status = "OPEN"
        self.held = 0
        self.returned = 0
        self.clawed_back = 0

    def is_open(self):
        return self.status == "OPEN"

    def told(self):
        kind, which = self.about
        return {
            "about": {kind: which},
            "who": self.who,
            "isByStaff": self.is_by_staff,
            "status": self.status,
            "held": self.held,
            "returned": self.returned,
            "clawedBack": self.clawed_back,
        }


class Cases:
    """All that was ever disputed in a room."""

    def __init__(self):
        self.all = []

    def find(self, index):
        if not 0 <= index < len(self.all):
            raise Refused("NOT_FOUND")
        return self.all[index]

    def check_once(self, about, by_staff):
        for one in self.all:
            if one.about != about:
                continue
            if one.is_open():
                raise Refused("ALREADY_DISPUTED")
            has_moved = one.returned + one.clawed_back > 0
            is_ended = one.status in ("RESOLVED", "DISMISSED")
            if is_ended and (by_staff or not one.is_by_staff or has_moved):
                raise Refused("ALREADY_DISPUTED")
            if one.status == "WITHDRAWN" and one.is_by_staff == by_staff:
                raise Refused("ALREADY_DISPUTED")

    def check_bounds(self, who, by_staff, now):
        like = [one for one in self.all if one.who == who and one.is_by_staff == by_staff]
        places = [one for one in like if one.is_open() and (by_staff or one.held == 0)]
        today = [one for one in like if one.opened_at + DAY_MS > now]
        if len(places) >= (STAFF_OPEN_MAX if by_staff else OWN_OPEN_MAX):
            raise Refused("TOO_MANY_DISPUTES")
        if len(today) >= (STAFF_DAILY_MAX if by_staff else OWN_DAILY_MAX):
            raise Refused("TOO_MANY_DISPUTES_TODAY")


def check_words(words):
    if not 1 <= len(words.encode()) <= WORDS_BYTES_MAX or not words.strip():
        raise Refused("VALIDATION")


def check_held(points):
    if not 0 <= points <= MOVED_MAX:
        raise Refused("VALIDATION")


def check_outcome(outcome):
    """Points that are given or taken back are 1 to 1,000,000,000."""
    for how in ["giveBack", "clawBack"]:
        if how in outcome:
            check_moved(outcome[how])

"""What watching earns: docs/economy.md, "Watching"."""

from books import Refused

MINUTE_MS = 60_000
LATE_MAX_MS = 15 * MINUTE_MS
POINTS_MAX = 1_000_000
ONE = 10_000
ROOMS_MAX = 2


class Session:
    def __init__(self, at, delay_ms, programme):
        self.started_at = at
        self.delay_ms = delay_ms
        self.programme = programme
        self.ended_at = None
        self.away_since = None
        self.away = []

    def is_live(self):
        return self.ended_at is None

    def end(self, at):
        """One that is interrupted ended when its stream went away."""
        self.ended_at = at if self.away_since is None else self.away_since
        self.away_since = None

    def resume(self, at):
        self.away.append((self.away_since, at))
        self.away_since = None

    def has(self, begins):
        """Whether a part of the minute lies in it, for an audience that sees its end so much later."""
        if begins + MINUTE_MS <= self.started_at:
            return False
        return self.ended_at is None or begins < self.ended_at + self.delay_ms

    def was_away(self, begins):
        """Throughout the minute, as far as the room knows."""
        if self.away_since is not None and self.away_since <= begins:
            return True
        return any(since <= begins and begins + MINUTE_MS <= until for since, until in self.away)


class Watcher:
    """What is kept of somebody who watches."""

    def __init__(self):
        self.slots = set()
        self.waiting = 0
        self.in_session = {}
        self.stamps = set()
        # What was left over of a point, in basis points.
        self.left_over = 0


def default_programme():
    return {
        "version": 1,
        "is_enabled": True,
        "is_observed_only": False,
        "points": 10,
        "slots": 5,
        "first_watch_bonus": 0,
        "stamp_card": None,
        "multipliers": [ONE] * 3,
    }


def changed_programme(programme, change):
    after = {**programme, **change, "version": programme["version"] + 1}
    card = after["stamp_card"]
    ranges = [
        (after["points"], 0, POINTS_MAX),
        (after["slots"], 1, 1_440),
        (after["first_watch_bonus"], 0, POINTS_MAX),
    ]
    least = ONE
    for multiplier in after["multipliers"]:
        ranges.append((multiplier, least, 10 * ONE))
        least = multiplier
    if card is not None:
        ranges += [
            (card["points"], 1, POINTS_MAX),
            (card["sessions"], 1, 32),
            (card["stamps"], 1, card["sessions"]),
            (card["slots"], 1, 1_440),
        ]
    if any(not least <= value <= most for value, least, most in ranges):
        raise Refused("VALIDATION")

    return after


class Watching:
    """A room's sessions, and who watched them."""

    def __init__(self):
        self.programme = default_programme()
        self.sessions = []
        self.watchers = {}
        self.elsewhere = {}

    def outcome_of_viewer(self, person, begins):
        """What keeps the viewer from it, which is told before what is wrong with the minute."""
        if person is None:
            return "NOT_A_MEMBER"
        if person.place == "removed":
            return "REMOVED"
        if begins + MINUTE_MS <= person.joined_at:
            return "NOT_A_MEMBER"
        if person.place == "left" and person.left_at <= begins:
            return "NOT_A_MEMBER"
        return None

    def outcome_of_minute(self, index, begins, now):
        if begins > now:
            return "IN_THE_FUTURE"
        if now > begins + MINUTE_MS + LATE_MAX_MS:
            return "TOO_LATE"
        if not 0 <= len(self.sessions) - 1 - index <= 1:
            return "OTHER_SESSION"
        session = self.sessions[index]
        if not session.has(begins):
            return "OTHER_SESSION"
        if session.was_away(begins):
            return "INTERRUPTED"
        if not session.programme["is_enabled"]:
            return "PROGRAMME_OFF"
        return None

    def credit(self, asked, people, memberships, now):
        """Answers each viewer with an outcome and points."""
        begins, by_devices = asked["minute"] * MINUTE_MS, asked["proof"] == "devices"
        answers = []
        for who in asked["viewers"]:
            outcome = self.outcome_of_viewer(people.get(who), begins)
            outcome = outcome or self.outcome_of_minute(asked["session"], begins, now)
            if outcome is None and begins in self.watchers.setdefault(who, Watcher()).slots:
                outcome = "ALREADY_COUNTED"
            if outcome is None and by_devices and self.sessions[asked["session"]].programme["is_observed_only"]:
                outcome = "NOT_OBSERVED"
            rooms = self.elsewhere.get((who, begins), set())
            if outcome is None and by_devices and len(rooms) >= ROOMS_MAX:
                outcome = "OTHER_ROOMS"
            tier = memberships.tier(who, begins)
            points = self._count(who, asked["session"], begins, tier) if outcome is None else 0
            answers.append([who, outcome or "COUNTED", points])
        return answers

    def _count(self, who, index, begins, tier):
        programme = self.sessions[index].programme
        watcher = self.watchers[who]
        points = 0 if watcher.slots else programme["first_watch_bonus"]
        watcher.slots.add(begins)

        watcher.waiting += 1
        if watcher.waiting >= programme["slots"]:
            watcher.waiting = 0
            multiplier = programme["multipliers"][tier - 1] if tier else ONE
            due = programme["points"] * multiplier + watcher.left_over
            points += due // ONE
            watcher.left_over = due % ONE

        watcher.in_session[index] = watcher.in_session.get(index, 0) + 1
        card = programme["stamp_card"]
        if card is not None and watcher.in_session[index] == card["slots"]:
            watcher.stamps.add(index)
            newest = len(self.sessions) - 1
            recent = [stamp for stamp in watcher.stamps if newest - stamp < card["sessions"]]
            if len(recent) >= card["stamps"]:
                watcher.stamps.clear()
                points += card["points"]
        return points

"""What a room sells: docs/economy.md, "Rewards"."""

import hashlib
import re

from books import MOVED_MAX, Refused

ENABLED_MAX = 50
KEPT_MAX = 200
INPUT_BYTES_MAX = 500
WEEK_MS = 604_800_000
LIMIT_MAX = 1_000_000
MINUTE_MS = 60_000
DAYS_30_MS = 2_592_000_000
HOUR_MS = 3_600_000
AS_IT_IS_NOW = ["is_enabled", "is_paused", "redeemable_offline", "availability"]
"""What of a reward is judged as it is when somebody enters, whatever it was when the draw was opened."""


class Reward:
    def __init__(self, terms):
        self.terms = terms
        self.version = 1
        self.is_deleted = False

    def is_enabled(self):
        return self.terms["is_enabled"] and not self.is_deleted


class Redemption:
    def __init__(self, reward, who, terms, said, session, is_offline, now):
        self.reward = reward
        self.who = who
        self.title = terms["title"]
        self.cost = terms["cost"]
        self.expires_after_ms = terms["expires_after_ms"]
        self.input = said
        self.session = session
        self.is_offline = is_offline
        self.at = now
        """When it was made or, if it was drawn, since then."""
        self.id = None
        self.status = "UNFULFILLED"
        self.settled_at = None
        self.settled_by = None
        self.paid_seq = None
        self.refunded = 0
        self.has_place = True

    def expires_at(self, sessions):
        if self.is_offline:
            return self.at + self.expires_after_ms
        ended_at = sessions[self.session].ended_at
        return None if ended_at is None else max(ended_at, self.at) + self.expires_after_ms

    def told(self):
        return {
            "title": self.title,
            "cost": self.cost,
            "input": self.input,
            "status": self.status,
            "settledAt": self.settled_at,
            "settledBy": self.settled_by,
            "refunded": self.refunded,
        }


class Draw:
    """Entries that are held for a while, of which lots decide."""

    def __init__(self, terms, session, is_offline, now):
        self.terms = terms
        self.session = session
        self.is_offline = is_offline
        self.closes_at = now + terms["draw"]["window_ms"]
        self.commitment = None
        self.entries = []

    def winners(self, seed, places):
        assert hashlib.sha256(seed).hexdigest() == self.commitment
        by_ticket = sorted(self.entries, key=lambda one: hashlib.sha256(seed + one.id).digest())
        return by_ticket[:places]


def check_terms(terms):
    limits, rules = terms["limits"], terms["availability"]
    ranges = [
        (len(terms["title"].encode()), 1, 100),
        (terms["cost"], 1, MOVED_MAX),
        (limits["cooldown_ms"], 1, WEEK_MS),
        (limits["viewer_cooldown_ms"], 1, WEEK_MS),
        (limits["per_session"], 1, LIMIT_MAX),
        (limits["per_viewer_and_session"], 1, LIMIT_MAX),
        (terms["expires_after_ms"], MINUTE_MS, DAYS_30_MS),
        (terms["membership_tier_min"], 1, 3),
        (rules["train_level_min"], 1, 1_000),
        (rules["online_min"], 1, 10_000_000),
    ]
    if terms["draw"] is not None:
        ranges.append((terms["draw"]["window_ms"], 5_000, HOUR_MS))
        ranges.append((terms["draw"]["winners"], 1, 100))
    asks = terms["input"]
    if asks["kind"] == "choice":
        ranges.append((len(asks["choices"]), 2, 25))
    if asks["kind"] == "number":
        ranges.append((asks["max"], asks["min"], asks["max"]))
        if asks["min"] > asks["max"]:
            raise Refused("VALIDATION")
    if any(value is not None and not least <= value <= most for value, least, most in ranges):
        raise Refused("VALIDATION")


def accepted(asks, said):
    """What is kept of what was said, if it fits."""
    said = (said or "").strip() or None
    if asks["kind"] == "none":
        if said is not None:
            raise Refused("VALIDATION")
        return None
    if said is None or len(said.encode()) > INPUT_BYTES_MAX:
        raise Refused("VALIDATION")

    if asks["kind"] == "text":
        pattern = asks["pattern"]
        if pattern is not None and re.fullmatch(pattern, said) is None:
            raise Refused("VALIDATION")
        return said
    if asks["kind"] == "number":
        number = int(said) if re.fullmatch(r"[+-]?[0-9]+", said) else None
        if number is None or not asks["min"] <= number <= asks["max"]:
            raise Refused("VALIDATION")
        return str(number)
    if said not in asks["choices"]:
        raise Refused("VALIDATION")
    return said


class Shop:
    """A room's rewards, and what was redeemed."""

    def __init__(self):
        self.rewards = []
        self.redemptions = []
        self.draws = {}
        """The draws that take entries, by their rewards."""
        self.begun = {}
        """When the last cooldown began, of everybody's and of each viewer's."""

    def offered(self, index):
        """The terms that it is redeemed on."""
        terms, draw = self.rewards[index].terms, self.draws.get(index)
        if draw is None:
            return terms
        return {**draw.terms, **{name: terms[name] for name in AS_IT_IS_NOW}}

    def enter(self, made, draw):
        made.status, made.has_place = "ENTERED", False
        made.session, made.is_offline = draw.session, draw.is_offline
        self.redemptions.append(made)
        draw.entries.append(made)

    def take_out(self, made, now, by):
        """Before the draw, of which it is no part any more."""
        self.draws[made.reward].entries.remove(made)
        made.status, made.settled_at, made.settled_by = "CANCELED", now, by

    def places(self, index, draw):
        """How many can win."""
        everybodys, _ = self._left(index, None, draw.session)
        most = draw.terms["draw"]["winners"]
        return most if everybodys is None else min(most, everybodys)

    def win(self, made, draw):
        made.status, made.has_place, made.at = "UNFULFILLED", True, draw.closes_at
        self.begin_cooldown(made)

    def add(self, made):
        self.redemptions.append(made)
        self.begin_cooldown(made)

    def begin_cooldown(self, made):
        for whose in (None, made.who):
            self.begun[made.reward, whose] = made.at

    def end_cooldown(self, made):
        """The one that this redemption began; what was before it begins none anew."""
        for whose in (None, made.who):
            if self.begun[made.reward, whose] == made.at:
                self.begun[made.reward, whose] = None

    def check_enabling(self, was, will_be):
        enabled = sum(reward.is_enabled() for reward in self.rewards)
        if will_be and not was and enabled >= ENABLED_MAX:
            raise Refused("TOO_MANY_ENABLED_REWARDS")

    def check_keeping(self):
        if sum(not reward.is_deleted for reward in self.rewards) >= KEPT_MAX:
            raise Refused("TOO_MANY_REWARDS")

    def find(self, index):
        if not 0 <= index < len(self.rewards) or self.rewards[index].is_deleted:
            raise Refused("NOT_FOUND")
        return self.rewards[index]

    def find_enabled(self, index):
        reward = self.find(index)
        if not reward.is_enabled():
            raise Refused("NOT_FOUND")
        return reward

    def check_open(self, reward, is_live, facts):
        """Whether anybody may redeem it now."""
        if reward.terms["is_paused"]:
            raise Refused("REWARD_PAUSED")
        if not is_live and not reward.terms["redeemable_offline"]:
            raise Refused("NOT_LIVE")
        rules = reward.terms["availability"]
        part = rules["title_contains"]
        if part is not None and part.lower() not in facts["title"].lower():
            raise Refused("NOT_AVAILABLE:TITLE_CONTAINS")
        least = rules["train_level_min"]
        if least is not None and (facts["trainLevel"] is None or facts["trainLevel"] < least):
            raise Refused("NOT_AVAILABLE:TRAIN_LEVEL_MIN")
        if rules["online_min"] is not None and facts["online"] < rules["online_min"]:
            raise Refused("NOT_AVAILABLE:ONLINE_MIN")

    def check_membership(self, index, tier):
        """Whether it is for somebody of that tier, 0 for none."""
        least = self.offered(index)["membership_tier_min"]
        if least is not None and tier < least:
            raise Refused("MEMBERS_ONLY")

    def counted_in(self, index, session):
        """The session whose places count: a draw's is that in which it was opened."""
        draw = self.draws.get(index)
        return session if draw is None else draw.session

    def check_limits(self, index, who, session, now):
        draw = self.draws.get(index)
        if draw is not None and any(one.who == who for one in draw.entries):
            raise Refused("ALREADY_ENTERED")
        session = self.counted_in(index, session)
        everybodys, own = self._left(index, who, session)
        if everybodys == 0:
            raise Refused("SESSION_LIMIT")
        if own == 0:
            raise Refused("VIEWER_LIMIT")
        if self.cools_until(index, who, now) is not None:
            raise Refused("COOLDOWN")

    def places_left(self, index, who, session):
        session = self.counted_in(index, session)
        left = [places for places in self._left(index, who, session) if places is not None]
        return min(left, default=None)

    def cools_until(self, index, who, now):
        limits = self.offered(index)["limits"]
        until = []
        for cooldown_ms, whose in [
            (limits["cooldown_ms"], None),
            (limits["viewer_cooldown_ms"], who),
        ]:
            begun = self.begun.get((index, whose))
            if None not in (cooldown_ms, begun) and begun + cooldown_ms > now:
                until.append(begun + cooldown_ms)
        return max(until, default=None)

    def _left(self, index, who, session):
        """How many places everybody has left in the session, and one viewer."""
        limits = self.offered(index)["limits"]
        taken = [
            one
            for one in self.redemptions
            if one.reward == index and one.session == session and one.has_place
        ]
        own = [one for one in taken if one.who == who]
        return [
            None if most is None else max(most - len(places), 0)
            for most, places in [
                (limits["per_session"], taken),
                (limits["per_viewer_and_session"], own),
            ]
        ]

"""Paid memberships: docs/economy.md, "Memberships"."""

from books import Refused

DAY_MS = 24 * 3_600_000
GRACE_MS = 3 * DAY_MS
PERIOD_MAX_MS = 3_660 * DAY_MS
PERIODS_MAX = 40
# Of two words of one instant and one message, the later of these counts.
STATUSES = ["active", "past_due", "canceled", "expired", "refunded"]


class Membership:
    def __init__(self, who):
        self.who = who
        self.words = []

    def periods(self):
        """The latest word about each period, of the newest that there are."""
        latest = {}
        for word in sorted(self.words, key=order):
            latest[word["startsAt"]] = word
        return [latest[start] for start in sorted(latest)][-PERIODS_MAX:]

    def spans(self):
        """From when until when it is of which tier."""
        periods = self.periods()
        spans = []
        for index, word in enumerate(periods):
            begins, ends = word["startsAt"], word["endsAt"]
            if word["status"] == "active":
                following = periods[index + 1]["startsAt"] if index + 1 < len(periods) else None
                until = ends + GRACE_MS
                if following is not None:
                    until = min(until, max(following, ends))
            elif word["status"] == "past_due":
                until = min(ends, begins + GRACE_MS)
            elif word["status"] == "canceled":
                until = ends
            elif word["status"] == "expired":
                until = min(ends, word["occurredAt"])
            else:
                until = begins
            spans.append((begins, until, word["tier"]))
        return spans


def order(word):
    return (word["occurredAt"], str(word["message"]), STATUSES.index(word["status"]), word["tier"], word["endsAt"])


def tier_at(spans, at):
    """The highest at an instant; 0 for no member."""
    return max([tier for begins, until, tier in spans if begins <= at < until], default=0)


def standing(spans, at):
    """The tier at an instant, and until when it is that or more; None for no member."""
    tier = tier_at(spans, at)
    if not tier:
        return None
    ends = sorted(until for _, until, _ in spans if until > at)
    return [tier, next(until for until in ends if tier_at(spans, until) < tier)]


class Memberships:
    """Everything that was told of a room's."""

    def __init__(self):
        self.told = {}

    def tell(self, word, now):
        length = word["endsAt"] - word["startsAt"]
        if not 1 <= word["tier"] <= 3 or not 0 < length <= PERIOD_MAX_MS:
            raise Refused("VALIDATION")
        membership = self.told.setdefault(word["reference"], Membership(word["who"]))
        if membership.who != word["who"]:
            raise Refused("MEMBERSHIP_DIFFERS")
        membership.words.append(word)
        return standing(membership.spans(), now)

    def tier(self, who, at):
        """Of all that they have; 0 for none."""
        spans = [span for one in self.told.values() if one.who == who for span in one.spans()]
        return tier_at(spans, at)

"""Points, and what moves them: docs/economy.md, "Points and the books"."""

MOVED_MAX = 1_000_000_000
"""A transfer to or from one member moves 1 to so many."""

DEBT_MAX = 1_000_000_000_000
"""So many points a member owes at most."""

REASON_BYTES_MAX = 200


class Refused(Exception):
    """A refusal, by its code."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Books:
    """A room's accounts: the mint, the sink, and for everybody who ever joined one for what they have and one for
    what they owe."""

    def __init__(self):
        self.minted = 0
        self.burned = 0
        self.count = 0
        self.balance = {}
        self.held = {}
        self.debt = {}
        self.lines = {}
        """By the position of each line and whose it is: how much worse off it left them, and which line it corrects."""
        self.news = []

    def open(self, who):
        self.balance.setdefault(who, 0)
        self.held.setdefault(who, 0)
        self.debt.setdefault(who, 0)

    def available(self, who):
        return self.balance[who] - self.held[who]

    def grant(self, who, points, kind="GRANTED"):
        self.minted += points
        return self._come(who, points, kind)

    def burn(self, who, points, kind):
        self.burned += points
        return self._move(who, -points, kind)

    def refund(self, who, points, corrects, kind="REFUNDED"):
        self.burned -= points
        return self._come(who, points, kind, corrects)

    def watch(self, points):
        """One entry for a minute, whoever gets something of it."""
        self.count += 1
        for who, one in points:
            if one > 0:
                self.minted += one
                self.balance[who] += one
                self.news.append([who, "WATCHED", one, self.balance[who], None, 0])
                self.lines[self.count, who] = (-one, None)
        for who, one in points:
            if one > 0:
                self.pay(who)

    def hold(self, who, points):
        self.held[who] += points

    def check_owing(self, who, points, held=0):
        """Whether somebody may owe what is left of points once all that there is, with what is held for it, is taken."""
        if self.debt[who] + points - self.available(who) - held > DEBT_MAX:
            raise Refused("DEBT_LIMIT")

    def claw_back(self, who, points):
        """What is there to spend is taken, and the rest is owed."""
        taken = min(points, self.available(who))
        owed = points - taken
        self.check_owing(who, points)
        first = self.count + 1
        if taken > 0:
            self.burn(who, taken, "CLAWED_BACK")
        if owed > 0:
            self.burned += owed
            self._move(who, 0, "DEBT_INCURRED", debt=owed)
        return {"seq": first, "taken": taken, "owed": owed}

    def pay(self, who):
        """What there is to spend pays what is owed."""
        points = min(self.debt[who], self.available(who))
        if points > 0:
            self._move(who, -points, "DEBT_PAID", debt=-points)

    def owed(self):
        return sum(self.debt.values())

    def _come(self, who, points, kind, corrects=None):
        seq = self._move(who, points, kind, corrects)
        self.pay(who)
        return seq

    def _move(self, who, change, kind, corrects=None, debt=0):
        self.count += 1
        self.balance[who] += change
        self.debt[who] += debt
        self.news.append([who, kind, change, self.balance[who], corrects, debt])
        self.lines[self.count, who] = (debt - change, corrects)
        return self.count

    def check(self):
        """What holds at every moment."""
        assert sum(self.balance.values()) + self.burned == self.minted + self.owed(), "accounts sum to zero"
        for who, balance in self.balance.items():
            assert balance >= 0, f"{who} has less than nothing"
            assert 0 <= self.held[who] <= balance, f"{who} holds what is not there"
            assert self.debt[who] >= 0, f"{who} has paid too much"
            assert not self.debt[who] or not self.available(who), f"{who} owes, and could pay"


class Keys:
    """Idempotency keys: each is its caller's own, and one for each kind of request."""

    def __init__(self):
        self.first = {}

    def once(self, kind, by, key, content, act):
        known = self.first.get((kind, by, key))
        if known is not None:
            if known[0] != content:
                raise Refused("KEY_REUSED")
            return known[1]

        answer = act()
        self.first[kind, by, key] = (content, answer)
        return answer


def check_moved(points):
    if not 1 <= points <= MOVED_MAX:
        raise Refused("VALIDATION")


def check_reason(reason):
    if not 1 <= len(reason.encode()) <= REASON_BYTES_MAX or not reason.strip():
        raise Refused("VALIDATION")

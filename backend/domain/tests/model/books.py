"""Points, and what moves them: docs/economy.md, "Points and the books"."""

MOVED_MAX = 1_000_000_000
"""A transfer to or from one member moves 1 to so many."""

REASON_BYTES_MAX = 200


class Refused(Exception):
    """A refusal, by its code."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Books:
    """A room's accounts: the mint, the sink, and one for everybody who ever joined."""

    def __init__(self):
        self.minted = 0
        self.burned = 0
        self.count = 0
        self.balance = {}
        self.held = {}
        self.news = []

    def open(self, who):
        self.balance.setdefault(who, 0)
        self.held.setdefault(who, 0)

    def available(self, who):
        return self.balance[who] - self.held[who]

    def grant(self, who, points, kind="GRANTED"):
        self.minted += points
        return self._move(who, points, kind)

    def burn(self, who, points, kind):
        self.burned += points
        return self._move(who, -points, kind)

    def refund(self, who, points, corrects):
        self.burned -= points
        return self._move(who, points, "REFUNDED", corrects)

    def watch(self, points):
        """One entry for a minute, whoever gets something of it."""
        self.count += 1
        for who, one in points:
            if one > 0:
                self.minted += one
                self.balance[who] += one
                self.news.append([who, "WATCHED", one, self.balance[who], None])

    def hold(self, who, points):
        self.held[who] += points

    def _move(self, who, change, kind, corrects=None):
        self.count += 1
        self.balance[who] += change
        self.news.append([who, kind, change, self.balance[who], corrects])
        return self.count

    def check(self):
        """What holds at every moment."""
        assert sum(self.balance.values()) + self.burned == self.minted, "accounts sum to zero"
        for who, balance in self.balance.items():
            assert balance >= 0, f"{who} has less than nothing"
            assert 0 <= self.held[who] <= balance, f"{who} holds what is not there"


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

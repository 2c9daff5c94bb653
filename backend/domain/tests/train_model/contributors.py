"""Who gave to a train, told from all that was given to it and taken back, in the order in which it came."""

RECENT_MAX = 8


class Gift:
    """A contribution that counts."""

    def __init__(self, at, hype, viewer, name):
        self.at = at
        self.hype = hype
        self.viewer = viewer
        self.name = name

    def giver(self):
        """Viewers are told apart by their ids; a gift without one is by somebody of its own."""
        return self if self.viewer is None else self.viewer


class Contributor:
    def __init__(self):
        self.hype = 0

    def told(self):
        return {"name": self.name, "hype": self.hype, "lastHype": self.last_hype}


class Contributors:
    """`history` is of gifts and of whether each was given, or else taken back."""

    def __init__(self, history):
        self.all = {}
        self.names = {}
        self.recent = []
        for number, (gift, was_given) in enumerate(history):
            if was_given:
                self._give(gift, number)
            else:
                self._take_back(gift, number)

    def _give(self, gift, number):
        giver = gift.giver()
        one = self.all.setdefault(giver, Contributor())
        one.hype += gift.hype
        one.last_hype, one.since = gift.hype, number
        one.name = self.names[giver] = gift.name or self.names.get(giver)
        others = [other for other in self.recent if other != giver]
        self.recent = [giver, *others][:RECENT_MAX]

    def _take_back(self, gift, number):
        giver = gift.giver()
        one = self.all[giver]
        one.hype -= gift.hype
        one.since = number
        if one.hype == 0:
            del self.all[giver]
            self.recent = [other for other in self.recent if other != giver]

    def count(self):
        return len(self.all)

    def top(self):
        """Of equals, whoever has had as much for longer; anonymous gifts never lead."""
        viewers = [one for giver, one in self.all.items() if not isinstance(giver, Gift)]
        best = min(viewers, key=lambda one: (-one.hype, one.since), default=None)
        return best and best.told()

    def newest(self):
        return [self.all[giver].told() for giver in self.recent]

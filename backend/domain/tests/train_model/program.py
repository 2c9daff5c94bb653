"""What a train goes by, as docs/economy.md has it: settings, and the levels that follow from a total."""

LEVEL_MAX = 2_147_483_647


class Program:
    def __init__(self, terms):
        self.kickoff_events = terms["kickoffEvents"]
        self.kickoff_viewers = terms["kickoffViewers"]
        self.kickoff_anonymous = terms["kickoffAnonymous"].upper()
        self.window_ms = terms["kickoffWindowMs"]
        self.levels = [(level["goal"], level["reward"]) for level in terms["levels"]]
        self.level_ms = terms["secondsPerLevel"] * 1_000
        self.cooldown_ms = terms["cooldownMs"]

    def viewers_of(self, gifts):
        """As how many viewers those who gave count for a kickoff."""
        known = {gift.viewer for gift in gifts if gift.viewer is not None}
        nameless = sum(gift.viewer is None for gift in gifts)
        as_viewers = {"TOGETHER": min(nameless, 1), "NOBODY": 0, "EACH": nameless}
        return len(known) + as_viewers[self.kickoff_anonymous]

    def goal(self, level):
        return self._level(level)[0]

    def reward(self, level):
        """Of no level there is none."""
        return self._level(level)[1] if level > 0 else None

    def _level(self, level):
        """The last repeats."""
        return self.levels[min(level, len(self.levels)) - 1]

    def beginning(self, level):
        """The total at which a level begins: where the goals before it are filled."""
        listed = min(level - 1, len(self.levels))
        beyond = level - 1 - listed
        return sum(goal for goal, _ in self.levels[:listed]) + beyond * self.levels[-1][0]

    def level_at(self, total):
        level = 1
        while level <= len(self.levels) and self.beginning(level + 1) <= total:
            level += 1
        if level > len(self.levels):
            level += (total - self.beginning(level)) // self.levels[-1][0]
        return min(level, LEVEL_MAX)

    def progress(self, level, total):
        """How far a total is beyond a level's beginning. A bar is full at most."""
        return min(max(total - self.beginning(level), 0), self.goal(level))

"""A train, from its approach to its end, as docs/economy.md has it."""

from contributors import Contributors

KICKOFF_MAX = 200


class Train:
    def __init__(self, number, now):
        self.number = number
        self.phase = "APPROACHING"
        self.program = None
        self.lapsed_by = None
        self.kickoff = []
        self.history = []
        self.level = 0
        self.started_at = now
        self.expires_at = None
        self.ended_at = None
        self.cooldown_ends_at = None

    def has_run(self):
        return self.program is not None

    def gifts(self):
        """What was given to it and not taken back."""
        taken = {gift for gift, was_given in self.history if not was_given}
        return [gift for gift, was_given in self.history if was_given and gift not in taken]

    def has_counted(self, gift):
        return (gift, True) in self.history

    def line(self):
        """As it is kept among the room's trains."""
        return [self.level, self.total(), self.started_at, self.ended_at]

    def total(self):
        return sum(gift.hype for gift in (self.gifts() if self.has_run() else self.kickoff))

    # While it approaches it goes by the room's present program.

    def join(self, gift, program):
        self.kickoff = [*self.kickoff, gift][-KICKOFF_MAX:]
        self._move_lapse(program)

    def _move_lapse(self, program):
        self.expires_at = self.kickoff[-1].at + program.window_ms

    def needs(self, program):
        """How many contributions and viewers its kickoff is short of."""
        events = program.kickoff_events - len(self.kickoff)
        viewers = program.kickoff_viewers - program.viewers_of(self.kickoff)
        return max(events, 0), max(viewers, 0)

    def lapse(self, program, at):
        """It has ended without having run, and no program changes it any more."""
        self.phase, self.ended_at, self.lapsed_by = "ENDED", at, program

    def drop(self, program, now):
        """Drops what is no part of the kickoff any more."""
        self.kickoff = [gift for gift in self.kickoff if now <= gift.at + program.window_ms]

    def follow(self, program, now):
        """The room's program is another one."""
        self.drop(program, now)
        if self.kickoff:
            self._move_lapse(program)
        else:
            self.lapse(program, now)

    # Once it runs it keeps the program that it has started with.

    def start(self, program, now):
        self.phase, self.program, self.started_at = "RUNNING", program, now
        self.history = [(gift, True) for gift in self.kickoff]
        self.kickoff = []
        self.level = 1
        self._extend(now)

    def _extend(self, now):
        self.expires_at = now + self.program.level_ms

    def give(self, gift):
        self.history.append((gift, True))

    def climb(self, now):
        """Climbs as high as its total is; tells whether that is higher than before."""
        reached = self.program.level_at(self.total())
        is_higher = reached > self.level
        if is_higher:
            self.level = reached
            self._extend(now)
        return is_higher

    def end(self):
        self.phase, self.ended_at = "ENDED", self.expires_at
        self.cooldown_ends_at = self.ended_at + self.program.cooldown_ms

    def take_back(self, gift, program, now):
        """Takes a gift out of it; tells whether it was in it."""
        if self.has_run():
            if gift not in self.gifts():
                return False
            self.history.append((gift, False))
            return True
        if gift not in self.kickoff:
            return False
        self.kickoff.remove(gift)
        if self.kickoff:
            self._move_lapse(program)
        else:
            self.lapse(program, now)
        return True

    def told(self, program, is_record):
        """All of it, as each of its events carries it."""
        program = self.program or self.lapsed_by or program
        total = self.total()
        level = max(self.level, 1)
        events, viewers = (0, 0) if self.has_run() else self.needs(program)
        who = Contributors(self.history)
        return {
            "train": self.number,
            "phase": self.phase,
            "level": self.level,
            "progress": program.progress(level, total),
            "goal": program.goal(level),
            "total": total,
            "kickoffEventsNeeded": events,
            "kickoffViewersNeeded": viewers,
            "startedAt": self.started_at,
            "expiresAt": self.expires_at,
            "endedAt": self.ended_at,
            "cooldownEndsAt": self.cooldown_ends_at,
            "lastReward": program.reward(self.level - 1),
            "nextReward": program.reward(level),
            "contributorCount": who.count(),
            "topContributor": who.top(),
            "recentContributors": who.newest(),
            "isRecord": is_record,
        }

"""A room's stream: what is given, what time does, and what is told of the train, as docs/economy.md has it.
It keeps everything that ever happened, and looks it up each time."""

from contributors import Gift
from program import Program
from train import Train

LASTING = {"HypeTrainStarted", "HypeTrainLeveledUp", "HypeTrainEnded"}
PASSING = {"HypeTrainProgressed", "HypeTrainCorrected"}
MEMBERSHIP_HYPE = {1: 500, 2: 1_000, 3: 2_500}


class Contribution:
    def __init__(self, said):
        if said["kind"] == "DONATION":
            self.hype = said["amount"]
        else:
            self.hype = MEMBERSHIP_HYPE[said["tier"]] * said.get("quantity", 1)
        self.viewer, self.name = said["viewerId"], said["viewerName"]
        self.status = "PENDING"
        self.gift = None
        self.train = None

    def hear(self, said):
        """Who gave may be said later, until it settles; a name goes with the id that it was told with."""
        if self.status != "PENDING":
            return
        if self.viewer is None and said["viewerId"] is not None:
            self.viewer, self.name = said["viewerId"], said["viewerName"] or self.name
        else:
            self.name = self.name or said["viewerName"]

    def counted_in(self):
        """Of a train that has not run yet, nothing does."""
        is_in = self.train is not None and self.train.has_counted(self.gift)
        return self.train.number if is_in else None


class Room:
    def __init__(self, begins):
        self.state = begins["state"].upper()
        self.program = Program(begins["program"])
        self.grace_ms = begins["graceMs"]
        self.is_live = False
        self.interrupted_at = None
        self.answers = {}
        self.contributions = {}
        self.trains = []
        self.told = []
        self.stamped_at = begins["now"]

    def play(self, asked):
        """Does what is asked, and answers it. What is stamped never runs backwards, whatever clock shows what."""
        self.now = max(asked["now"], self.stamped_at)
        self.notice()
        return getattr(self, "_do_" + asked["do"])(asked)

    def present(self):
        return self.trains[-1] if self.trains else None

    def is_record(self, train):
        """Above every other train that the room ran, of which there has to be one."""
        if not train.has_run():
            return False
        others = [other.total() for other in self.trains if other.has_run() and other is not train]
        return bool(others) and train.total() > max(others)

    # What there is to be seen.

    def shown(self):
        train = self.present()
        return train and train.told(self.program, self.is_record(train))

    def kept(self):
        ended = [train for train in self.trains if train.has_run() and train.ended_at is not None]
        return {str(train.number): train.line() for train in ended}

    def counted(self, names):
        """In which train each of the contributions counts that are called so."""
        known = {f"{provider} {reference}": one for (provider, reference), one in self.contributions.items()}
        return {name: known[name].counted_in() for name in names}

    # What is told. A commit's news of one thing at one instant are one event, as it then is.

    def commit(self):
        self.told = []

    def tell_moment(self, kind, what):
        self._tell(kind, what)

    def tell(self, kind):
        """Something becomes of the room or of its session, and an event has all of it."""
        earlier = self._earlier(lambda news: news[1].startswith(kind[:4]))
        if earlier is not None:
            self.told.remove(earlier)
        self._tell(kind, None)

    def tell_train(self, kind, train):
        earlier = self._earlier(lambda news: news[2] and news[2].get("train") == train.number)
        if earlier is not None and (earlier[1], kind) != ("HypeTrainStarted", "HypeTrainLeveledUp"):
            self.told.remove(earlier)
            kind = earlier[1] if earlier[1] in LASTING and kind in PASSING else kind
        self._tell(kind, train.told(self.program, self.is_record(train)))

    def _earlier(self, is_of_it):
        all_of_it = [news for news in self.told if is_of_it(news)]
        return all_of_it[-1] if all_of_it and all_of_it[-1][0] == self.now else None

    def _tell(self, kind, what):
        self.told.append([self.now, kind, what])
        self.stamped_at = self.now

    # What time does by itself.

    def notice(self):
        while True:
            due = [(at, order) for order, at in enumerate([self._train_due(), self._session_due()])]
            due = [one for one in due if one[0] is not None and one[0] <= self.now]
            if not due:
                return
            at, order = min(due)
            self._end_session() if order else self._pass_train(at)

    def _train_due(self):
        train = self.present()
        if train is None or train.phase == "ENDED":
            return None
        if train.phase == "RUNNING":
            return train.expires_at + 1
        return train.kickoff[0].at + self.program.window_ms + 1

    def _pass_train(self, at):
        train = self.present()
        if train.phase == "RUNNING":
            train.end()
            self.tell_train("HypeTrainEnded", train)
            return
        train.drop(self.program, at)
        if train.kickoff:
            self.tell_train("HypeTrainApproached", train)
        else:
            train.lapse(self.program, train.expires_at)
            self.tell_train("HypeTrainEnded", train)

    # Sessions.

    def _session_due(self):
        return None if self.interrupted_at is None else self.interrupted_at + self.grace_ms

    def _end_session(self):
        self.is_live, self.interrupted_at = False, None
        self.tell("SessionEnded")

    def _do_start(self, asked):
        if self.state != "OPEN" or self.is_live:
            return False
        self.is_live = True
        self.tell("SessionStarted")
        return True

    def _do_interrupt(self, asked):
        if not self.is_live or self.interrupted_at is not None:
            return False
        self.interrupted_at = self.now
        self.tell("SessionInterrupted")
        return True

    def _do_resume(self, asked):
        if self.interrupted_at is None:
            return False
        self.interrupted_at = None
        self.tell("SessionResumed")
        return True

    def _do_end(self, asked):
        if not self.is_live:
            return False
        self._end_session()
        return True

    # The room.

    def _do_pass(self, asked):
        return True

    def _do_update(self, asked):
        state = asked["state"].upper() if asked["state"] else self.state
        if state == "ARCHIVED" and self.is_live:
            return False
        self.state = state
        self.tell("RoomUpdated")
        if asked["program"] is not None:
            self._follow(Program(asked["program"]))
        return True

    def _follow(self, program):
        self.program = program
        train = self.present()
        if train is not None and train.phase == "APPROACHING":
            train.follow(program, self.now)
            kind = "HypeTrainApproached" if train.kickoff else "HypeTrainEnded"
            self.tell_train(kind, train)

    # What is given.

    def _do_report(self, asked):
        """The same message again gets the same answer."""
        key = asked["provider"], asked["key"]
        if key not in self.answers:
            self.answers[key] = self._record(asked)
        return self.answers[key]

    def _record(self, asked):
        known = asked["provider"], asked["ref"]
        contribution = self.contributions.setdefault(known, Contribution(asked))
        contribution.hear(asked)
        before, said = contribution.status, asked["status"].upper()
        if said == "SETTLED" and before == "PENDING":
            contribution.status = said
            self._settle(contribution)
        elif said == "REVERSED" and before != said:
            contribution.status = said
            if contribution.train is not None:
                self._take_back(contribution)
        return {"status": contribution.status.lower(), "hype": contribution.hype}

    def _settle(self, contribution):
        if self.state != "OPEN":
            return
        self.tell_moment("ContributionReceived", {"hype": contribution.hype, "name": contribution.name})
        train = self.present()
        if train is None or train.phase == "ENDED":
            rests = train is not None and self.now < (train.cooldown_ends_at or 0)
            if rests or not self.is_live:
                return
            train = Train(len(self.trains), self.now)
            self.trains.append(train)
        gift = Gift(self.now, contribution.hype, contribution.viewer, contribution.name)
        contribution.gift, contribution.train = gift, train
        self._give(train, gift)

    def _give(self, train, gift):
        if train.phase == "RUNNING":
            train.give(gift)
            is_higher = train.climb(self.now)
            self.tell_train("HypeTrainLeveledUp" if is_higher else "HypeTrainProgressed", train)
            return
        train.join(gift, self.program)
        if train.needs(self.program) != (0, 0):
            self.tell_train("HypeTrainApproached", train)
            return
        train.start(self.program, self.now)
        self.tell_train("HypeTrainStarted", train)
        if train.climb(self.now):
            self.tell_train("HypeTrainLeveledUp", train)

    def _take_back(self, contribution):
        train, present = contribution.train, self.present()
        was_record = self.is_record(present)
        if not train.take_back(contribution.gift, self.program, self.now):
            return
        if train is present:
            kind = "HypeTrainEnded" if train.phase == "ENDED" and not train.has_run() else "HypeTrainCorrected"
            self.tell_train(kind, train)
        elif self.is_record(present) != was_record:
            self.tell_train("HypeTrainCorrected", present)

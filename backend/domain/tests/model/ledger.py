"""A room's economy, as docs/economy.md has it and in no other words: what is asked is answered, and
what everybody has is known after it. It keeps everything that ever happened and looks it all up each
time, so that it has no state that could be wrong beside what it remembers."""

from books import Books, Keys, Refused, check_moved, check_reason
from court import Court
from disputes import Cases
from memberships import Memberships
from rewards import Draw, Redemption, Reward, Shop, accepted, check_terms
from watching import Session, Watching, changed_programme

CAPABILITIES = {
    "member": set(),
    "moderator": {"REDEMPTION_MANAGE"},
    "owner": {"REDEMPTION_MANAGE", "POINTS_ADJUST", "REWARD_MANAGE", "EARNING_MANAGE"},
}
RANKS = ["member", "moderator", "owner"]
STAFF = "staff"


class Person:
    def __init__(self, role, grants, at):
        self.role = role
        self.grants = set(grants)
        self.place = "joined"
        self.joined_at = at
        self.left_at = None


class Room(Court):
    def __init__(self, begins):
        self.grace_ms = begins["graceMs"]
        self.is_archived = False
        self.people = {}
        self.books = Books()
        self.keys = Keys()
        self.watching = Watching()
        self.memberships = Memberships()
        self.shop = Shop()
        self.cases = Cases()

    def play(self, asked):
        """Answers what is asked, having done it."""
        self.now, self.facts = asked["now"], asked["facts"]
        self.seeds = {one["reward"]: one["seed"] for one in asked["draws"] if one["seed"]}
        self.books.news = []
        self._end_what_is_over()
        self._draw_what_is_due()
        try:
            answer = {"ok": getattr(self, "_do_" + asked["do"])(asked)}
        except Refused as refused:
            answer = {"refused": refused.code}
        assert not self.seeds, "a seed is told of what is not drawn"
        self._note_commitments(asked["draws"])
        return answer

    # Who is there, and what goes on.

    def _do_pass(self, asked):
        return None

    def _do_member(self, asked):
        """The rules of coming and going are another document's: what became of it is given."""
        who, change = asked["who"], asked["change"]
        if asked["became"] != "done":
            return None
        person = self.people.get(who)
        if change == "join":
            if person is None:
                role, grants = asked["role"], asked["grants"]
                self.people[who] = Person(role, grants, self.now)
                self.books.open(who)
            elif person.place != "joined":
                person.place, person.joined_at, person.left_at = "joined", self.now, None
        elif change == "leave":
            if person.place == "joined":
                person.place, person.left_at = "left", self.now
        elif change == "remove":
            person.left_at = self.now if person.left_at is None else person.left_at
            person.place, person.role, person.grants = "removed", "member", set()
            for draw in self.shop.draws.values():
                for made in [made for made in draw.entries if made.who == who]:
                    self.shop.take_out(made, self.now, STAFF)
                    self._release(made)
        else:
            person.place = "left"
        return None

    def _do_session(self, asked):
        sessions, change = self.watching.sessions, asked["change"]
        live = sessions[-1] if sessions and sessions[-1].is_live() else None
        if asked["became"] != "done":
            return None
        if change == "start":
            sessions.append(Session(self.now, asked["delayMs"], self.watching.programme))
        elif change == "end":
            live.end(self.now)
        elif change == "interrupt":
            live.away_since = self.now
        else:
            live.resume(self.now)
        return None

    def _do_archive(self, asked):
        self.is_archived = asked["became"] == "done"
        return None

    def _do_facts(self, asked):
        return None

    def _do_elsewhere(self, asked):
        """The viewer's devices have proved the minute in another room."""
        rooms = self.watching.elsewhere
        rooms.setdefault((asked["who"], asked["minute"] * 60_000), set()).add(asked["room"])
        return None

    # Points and watching.

    def _do_adjust(self, asked):
        check_moved(asked["points"])
        check_reason(asked["reason"])
        content = [asked[field] for field in ["kind", "to", "points", "reason"]]

        def act():
            self._check_adjusts(asked)
            who, points = asked["to"], asked["points"]
            if asked["kind"] == "grant":
                # What it pays of a debt is a transfer of its own.
                balance_after = self.books.balance[who] + points
                return {"seq": self.books.grant(who, points), "balanceAfter": balance_after}
            if points > self.books.available(who):
                raise Refused("INSUFFICIENT_POINTS")
            seq = self.books.burn(who, points, "CHARGED")
            return {"seq": seq, "balanceAfter": self.books.balance[who]}

        return self.keys.once("adjust", asked["by"], asked["key"], content, act)

    def _do_clawBack(self, asked):
        check_moved(asked["points"])
        check_reason(asked["reason"])
        content = [asked[field] for field in ["to", "points", "reason"]]

        def act():
            self._check_adjusts(asked)
            return self.books.claw_back(asked["to"], asked["points"])

        return self.keys.once("clawBack", asked["by"], asked["key"], content, act)

    def _do_programme(self, asked):
        self._check_open()
        self._check_may(asked["by"], "EARNING_MANAGE")
        if asked["version"] != self.watching.programme["version"]:
            raise Refused("STALE_VERSION")
        self.watching.programme = changed_programme(self.watching.programme, asked["terms"])
        return self.watching.programme["version"]

    def _do_membership(self, asked):
        return self.memberships.tell(asked, self.now)

    def _do_credit(self, asked):
        self._check_open()
        answers = self.watching.credit(asked, self.people, self.memberships, self.now)
        if any(outcome == "COUNTED" for _, outcome, _ in answers):
            self.books.watch([(who, points) for who, _, points in answers])
        return answers

    # Rewards.

    def _do_create(self, asked):
        def act():
            self._check_open()
            self._check_may(asked["by"], "REWARD_MANAGE")
            check_terms(asked["terms"])
            self.shop.check_keeping()
            self.shop.check_enabling(False, asked["terms"]["is_enabled"])
            self.shop.rewards.append(Reward(asked["terms"]))
            return {"reward": len(self.shop.rewards) - 1, "version": 1}

        return self.keys.once("create", asked["by"], asked["key"], asked["terms"], act)

    def _do_update(self, asked):
        reward = self._changeable(asked)
        terms = {**reward.terms, **asked["change"]}
        check_terms(terms)
        self.shop.check_enabling(reward.is_enabled(), terms["is_enabled"])
        reward.terms = terms
        reward.version += 1
        return reward.version

    def _do_delete(self, asked):
        reward = self._changeable(asked)
        reward.is_deleted = True
        reward.version += 1
        return reward.version

    def _do_redeem(self, asked):
        who, index = asked["by"], asked["reward"]
        content = [index, asked["cost"], asked["input"]]

        def act():
            self._check_member(who)
            reward = self.shop.find_enabled(index)
            self.shop.check_open(reward, self._is_live(), self.facts)
            self.shop.check_membership(index, self.memberships.tier(who, self.now))
            terms = self.shop.offered(index)
            if asked["cost"] is not None and asked["cost"] != terms["cost"]:
                raise Refused("COST_CHANGED")
            said = accepted(terms["input"], asked["input"])
            session = self._last_session()
            self.shop.check_limits(index, who, session, self.now)
            if self.books.available(who) < terms["cost"]:
                raise Refused("INSUFFICIENT_POINTS")
            is_offline = not self._is_live()
            made = Redemption(index, who, terms, said, session, is_offline, self.now)
            made.id = bytes.fromhex(asked["newest"])
            self.books.hold(who, made.cost)
            if terms["draw"] is not None:
                opened = Draw(terms, session, is_offline, self.now)
                self.shop.enter(made, self.shop.draws.setdefault(index, opened))
            else:
                self.shop.add(made)
                self._take_up(made, terms)
            return {"redemption": len(self.shop.redemptions) - 1, **made.told()}

        return self.keys.once("redeem", who, asked["key"], content, act)

    def _do_settle(self, asked):
        self._check_may(asked["by"], "REDEMPTION_MANAGE")
        made = self._redemption(asked)
        self._expire(made)
        self._check_on_another(asked["by"], made.who)
        if made.status == "NOT_DRAWN":
            raise Refused("NOT_DRAWN")
        if made.status == "ENTERED":
            if asked["fulfill"]:
                raise Refused("IN_DRAW")
            self.shop.take_out(made, self.now, asked["by"])
            self._release(made)
            return made.told()
        if made.status != "UNFULFILLED":
            raise Refused("ALREADY_" + made.status)
        if asked["fulfill"]:
            self._fulfill(made)
        else:
            made.status = "CANCELED"
            self._let_go(made)
        made.settled_at, made.settled_by = self.now, asked["by"]
        return made.told()

    def _do_refund(self, asked):
        if asked["points"] is not None:
            check_moved(asked["points"])
        check_reason(asked["reason"])
        content = [asked["redemption"], asked["points"], asked["reason"]]

        def act():
            self._check_may(asked["by"], "REDEMPTION_MANAGE")
            made = self._redemption(asked)
            self._check_on_another(asked["by"], made.who)
            if made.status != "FULFILLED":
                raise Refused("NOT_FULFILLED")
            left = made.cost - made.refunded
            if left == 0:
                raise Refused("ALREADY_REFUNDED")
            points = left if asked["points"] is None else asked["points"]
            if points > left:
                raise Refused("REFUND_TOO_MUCH")
            self._pay_back(made, points)
            return made.told()

        return self.keys.once("refund", asked["by"], asked["key"], content, act)

    def _do_sweep(self, asked):
        """A node sees to what has expired."""
        for made in self.shop.redemptions:
            self._expire(made)
        return None

    def _do_standing(self, asked):
        who, index, refusal = asked["who"], asked["reward"], None
        session = self._last_session()
        try:
            self._check_member(who)
            reward = self.shop.find_enabled(index)
            self.shop.check_open(reward, self._is_live(), self.facts)
            self.shop.check_membership(index, self.memberships.tier(who, self.now))
            self.shop.check_limits(index, who, session, self.now)
            if self.books.available(who) < self.shop.offered(index)["cost"]:
                raise Refused("INSUFFICIENT_POINTS")
        except Refused as refused:
            refusal = refused.code
        return {
            "refusal": refusal,
            "placesLeft": self.shop.places_left(index, who, session),
            "cooldownEndsAt": self.shop.cools_until(index, who, self.now),
        }

    # What several of them need.

    def _end_what_is_over(self):
        """A stream that did not come back in time has ended its session when it went away."""
        sessions = self.watching.sessions
        if sessions and sessions[-1].away_since is not None:
            if self.now >= sessions[-1].away_since + self.grace_ms:
                sessions[-1].end(self.now)

    def _draw_what_is_due(self):
        due = {index: draw for index, draw in self.shop.draws.items() if draw.closes_at <= self.now}
        for index, draw in sorted(due.items(), key=lambda one: (one[1].closes_at, one[0])):
            places = self.shop.places(index, draw)
            winners = draw.winners(bytes.fromhex(self.seeds.pop(index)), places)
            for made in draw.entries:
                if made not in winners:
                    made.status, made.settled_at = "NOT_DRAWN", draw.closes_at
                    self._release(made)
            for made in winners:
                self.shop.win(made, draw)
                self._take_up(made, draw.terms)
            del self.shop.draws[index]

    def _note_commitments(self, told):
        """Of each draw the first that is told is what its seed has to have."""
        for one in told:
            draw = self.shop.draws.get(one["reward"])
            if draw is not None and one["seed"] is None:
                assert draw.commitment in (None, one["commitment"])
                draw.commitment = one["commitment"]

    def _is_live(self):
        sessions = self.watching.sessions
        return bool(sessions) and sessions[-1].is_live()

    def _last_session(self):
        """The live one, or the last; none before the first."""
        return len(self.watching.sessions) - 1 if self.watching.sessions else None

    def _check_open(self):
        if self.is_archived:
            raise Refused("ROOM_ARCHIVED")

    def _check_adjusts(self, asked):
        """Whether who asks may move these points by hand."""
        self._check_open()
        self._check_may(asked["by"], "POINTS_ADJUST")
        person = self.people.get(asked["to"])
        if person is None:
            raise Refused("NOT_FOUND")
        self._check_on_another(asked["by"], asked["to"])
        self._check_outranks(asked["by"], person)

    def _pay_back(self, made, points):
        """What comes back whole restores what the reward says."""
        self.books.refund(made.who, points, made.paid_seq)
        made.refunded += points
        if made.refunded == made.cost:
            restores = self.shop.rewards[made.reward].terms["refund_restores"]
            if restores["places"]:
                self._give_place_back(made)
            if restores["cooldown"]:
                self.shop.end_cooldown(made)

    def _check_joined(self, who):
        if who not in self.people or self.people[who].place != "joined":
            raise Refused("NOT_JOINED")

    def _check_member(self, who):
        self._check_open()
        self._check_joined(who)

    def _check_may(self, by, capability):
        if by == STAFF:
            return
        self._check_joined(by)
        person = self.people[by]
        if capability not in CAPABILITIES[person.role] | person.grants:
            raise Refused("CAPABILITY_MISSING")

    def _check_on_another(self, by, who):
        if by == who and by != STAFF:
            raise Refused("ON_ONESELF")

    def _check_outranks(self, by, person):
        """Owners act on everyone, and whoever else has the capability on those below."""
        if by == STAFF or self.people[by].role == "owner" or person.role == "member":
            return
        if RANKS.index(self.people[by].role) <= RANKS.index(person.role):
            raise Refused("OUTRANKED")

    def _changeable(self, asked):
        self._check_open()
        self._check_may(asked["by"], "REWARD_MANAGE")
        reward = self.shop.find(asked["reward"])
        if asked["version"] != reward.version:
            raise Refused("STALE_VERSION")
        return reward

    def _redemption(self, asked):
        if not 0 <= asked["redemption"] < len(self.shop.redemptions):
            raise Refused("NOT_FOUND")
        return self.shop.redemptions[asked["redemption"]]

    def _take_up(self, made, terms):
        """What fulfills itself is fulfilled when it is redeemed or drawn."""
        if terms["auto_fulfills"]:
            self._fulfill(made)
            made.settled_at = made.at

    def _fulfill(self, made):
        self.books.hold(made.who, -made.cost)
        made.paid_seq = self.books.burn(made.who, made.cost, "REDEEMED")
        made.status = "FULFILLED"

    def _let_go(self, made):
        self._release(made)
        self._give_place_back(made)

    def _give_place_back(self, made):
        """While the session that it was counted in is the live one, or the last."""
        if made.session == self._last_session():
            made.has_place = False

    def _release(self, made):
        """What is free again pays what is owed."""
        self.books.hold(made.who, -made.cost)
        self.books.pay(made.who)

    def _expire(self, made):
        expires_at = made.expires_at(self.watching.sessions)
        if made.status == "UNFULFILLED" and expires_at is not None and expires_at <= self.now:
            made.status, made.settled_at = "EXPIRED", expires_at
            self._let_go(made)

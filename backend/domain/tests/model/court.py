"""What is done about cases in a room: docs/economy.md, "Disputes"."""

from books import Refused
from disputes import Case, check_held, check_outcome, check_words

STAFF = "staff"


class Court:
    """The part of a room that sees to cases."""

    def _do_dispute(self, asked):
        check_words(asked["reason"])
        by, content = asked["by"], [asked["who"], asked["about"], asked["reason"]]

        def act():
            by_staff = asked["who"] is not None and (asked["who"] != by or by == STAFF)
            if by_staff:
                self._check_decides(by, asked["who"])
            else:
                self._check_joined(by)
            who = asked["who"] if by_staff else by
            about = self._disputed(asked["about"], who)
            if not self._is_moved(about, who):
                raise Refused("NOTHING_MOVED")
            self.cases.check_once(about, by_staff)
            self.cases.check_bounds(who, by_staff, self.now)
            case = Case(who, about, by, by_staff, self.now)
            self.cases.all.append(case)
            return {"dispute": len(self.cases.all) - 1, **case.told()}

        return self.keys.once("dispute", by, asked["key"], content, act)

    def _do_holdDispute(self, asked):
        check_held(asked["points"])
        content = [asked["dispute"], asked["points"]]

        def act():
            case = self._decided(asked)
            held = min(asked["points"], case.held + self.books.available(case.who))
            self.books.hold(case.who, held - case.held)
            case.held = held
            self.books.pay(case.who)
            return case.told()

        return self.keys.once("holdDispute", asked["by"], asked["key"], content, act)

    def _do_resolve(self, asked):
        outcome = asked["outcome"]
        check_outcome(outcome)
        check_words(asked["words"])
        content = [asked["dispute"], outcome, asked["words"]]

        def act():
            case = self._decided(asked)
            who = case.who
            if "giveBack" in outcome:
                self._check_returns(case, outcome["giveBack"])
                self._let_go_of_held(case)
                self._return(case, outcome["giveBack"])
                case.returned = outcome["giveBack"]
            elif "clawBack" in outcome:
                self.books.check_owing(who, outcome["clawBack"], case.held)
                self.books.hold(who, -case.held)
                self.books.claw_back(who, outcome["clawBack"])
                self.books.pay(who)
                case.clawed_back = outcome["clawBack"]
            else:
                self._let_go_of_held(case)
            case.held = 0
            case.status = "DISMISSED" if "dismiss" in outcome else "RESOLVED"
            return case.told()

        return self.keys.once("resolve", asked["by"], asked["key"], content, act)

    def _do_withdraw(self, asked):
        def act():
            case = self.cases.find(asked["dispute"])
            if case.opened_by != asked["by"]:
                raise Refused("NOT_FOUND")
            if case.is_by_staff:
                self._check_decides(asked["by"], case.who)
            if not case.is_open():
                raise Refused("ALREADY_CLOSED")
            if case.held > 0 and not case.is_by_staff:
                raise Refused("HELD_BY_STAFF")
            self._let_go_of_held(case)
            case.status = "WITHDRAWN"
            return case.told()

        return self.keys.once("withdraw", asked["by"], asked["key"], asked["dispute"], act)

    def _check_decides(self, by, who):
        """Whether who asks may act on cases about somebody."""
        self._check_may(by, "POINTS_ADJUST")
        person = self.people.get(who)
        if person is None:
            raise Refused("NOT_FOUND")
        self._check_on_another(by, who)
        self._check_outranks(by, person)

    def _decided(self, asked):
        self._check_may(asked["by"], "POINTS_ADJUST")
        case = self.cases.find(asked["dispute"])
        self._check_decides(asked["by"], case.who)
        if not case.is_open():
            raise Refused("ALREADY_CLOSED")
        return case

    def _disputed(self, about, who):
        """What of somebody's is disputed: a line about a redemption as that."""
        if "redemption" in about:
            made = self._redemption(about)
            if made.who != who:
                raise Refused("NOT_FOUND")
            self._expire(made)
            return ("redemption", about["redemption"])
        seq = about["line"]
        if (seq, who) not in self.books.lines:
            raise Refused("NOT_FOUND")
        _, corrects = self.books.lines[seq, who]
        for index, made in enumerate(self.shop.redemptions):
            if made.paid_seq is not None and made.paid_seq in (seq, corrects):
                return ("redemption", index)
        return ("line", seq)

    def _is_moved(self, about, who):
        kind, which = about
        if kind == "line":
            return self.books.lines[which, who][0] != 0
        return self.shop.redemptions[which].status in ("UNFULFILLED", "ENTERED", "FULFILLED")

    def _check_returns(self, case, points):
        kind, which = case.about
        if kind == "redemption":
            made = self.shop.redemptions[which]
            if made.status != "FULFILLED":
                raise Refused("NOT_FULFILLED")
            left = made.cost - made.refunded
        else:
            left = self.books.lines[which, case.who][0]
        if points > left:
            raise Refused("REFUND_TOO_MUCH")

    def _return(self, case, points):
        kind, which = case.about
        if kind == "redemption":
            self._pay_back(self.shop.redemptions[which], points)
        else:
            self.books.refund(case.who, points, which, "RETURNED")

    def _let_go_of_held(self, case):
        self.books.hold(case.who, -case.held)
        self.books.pay(case.who)
        case.held = 0

"""Reads histories of rooms, each line what was asked, what Parlor answered, and what everybody had then,
and says where the model in ledger.py has it otherwise."""

import json
import sys
from collections import Counter

from ledger import Room


# So many histories have cases opened, held for, resolved, withdrawn and points returned by them, and fewer need not.
DISPUTED_FROM = 100


def differences(room, line):
    answer = room.play(line)
    room.books.check()
    books = room.books
    found = {
        "answer": answer,
        "lines": sorted(books.news, key=lambda news: news[0]),
        "accounts": {who: [books.balance[who], books.held[who], books.debt[who]] for who in books.balance},
        "totals": [books.minted, books.burned, books.owed(), books.count],
    }
    given = {name: line[name] for name in found}
    given["lines"] = sorted(given["lines"], key=lambda news: news[0])
    return [(name, given[name], found[name]) for name in found if given[name] != found[name]]


def main():
    room, history, played, seen = None, [], 0, Counter()
    for text in sys.stdin:
        line = json.loads(text)
        if line["do"] == "begin":
            room, history, played = Room(line), [], played + 1
            continue
        history.append(text)
        seen[line["do"], line["answer"].get("refused", "ok")] += 1
        if line["do"] == "credit" and "ok" in line["answer"]:
            seen.update(("minute", outcome) for _, outcome, _ in line["answer"]["ok"])
        seen.update(("line", kind) for _, kind, *_ in line["lines"])
        wrong = differences(room, line)
        if wrong:
            print(f"history {played - 1} differs at step {len(history)}:")
            print("".join(history[-30:]), end="")
            for name, given, found in wrong:
                print(f"{name}: Parlor has {json.dumps(given)}, and the model {json.dumps(found)}")
            sys.exit(1)

    if DISPUTED_FROM <= played:
        for what in [(do, "ok") for do in ("dispute", "holdDispute", "resolve", "withdraw")] + [("line", "RETURNED")]:
            assert seen[what] > 0, f"{what} never happened"
    print(f"the model agrees over {played} histories of {sum(seen.values())} steps")
    for (do, answer), count in sorted(seen.items()):
        print(f"  {do} {answer}: {count}")


main()

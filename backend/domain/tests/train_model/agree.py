"""Reads streams of rooms, each line what was done, what Parlor told of it and what it keeps, and says where
the model in room.py has it otherwise."""

import json
import sys
from collections import Counter

from room import Room


def differences(room, line):
    if line["begins"]:
        room.commit()
    found = {"answer": room.play(line), "told": room.told, "present": room.shown()}
    if "kept" in line:
        found["kept"] = room.kept()
        found["counted"] = room.counted(line["counted"])
    return [(name, line[name], found[name]) for name in found if line[name] != found[name]]


def count(seen, line):
    seen[line["do"], line.get("status", "")] += 1
    if "kept" in line:
        for _, kind, what in line["told"]:
            seen["told", kind] += 1
            if what and what.get("isRecord"):
                seen["told of a record", kind] += 1


def main():
    room, stream, steps, played, seen = None, None, [], 0, Counter()
    for text in sys.stdin:
        line = json.loads(text)
        if line["do"] == "begin":
            room, stream, steps, played = Room(line), line["stream"], [text], played + 1
            continue
        steps.append(text)
        count(seen, line)
        wrong = differences(room, line)
        if wrong:
            print(f"stream {stream} differs at step {len(steps) - 1}:")
            print("".join(steps[:1] + steps[1:][-30:]), end="")
            for name, given, found in wrong:
                print(f"{name}: Parlor has {json.dumps(given)}, and the model {json.dumps(found)}")
            sys.exit(1)

    print(f"the model agrees over {played} streams")
    for (do, what), times in sorted(seen.items()):
        print(f"  {do} {what}: {times}")


main()

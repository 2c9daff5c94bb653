// A room as pages see it, from the last event of each of its parts that can be read.

import { readEvent } from "./events.js";

const before = (one, other) => (one < other ? -1 : Number(one > other));

/** Reads a room that the module hands on. */
export function readRoom(room) {
  const parts = room.parts.map(readEvent);
  const known = (subject) => parts.find((part) => part[subject])?.[subject] ?? null;
  const session = known("session");
  const people = parts.flatMap(({ participant }) => (participant ? [participant] : []));
  // In the order in which they joined.
  people.sort((one, other) => one.joinedAt - other.joinedAt || before(one.id, other.id));
  return {
    profile: known("room"),
    session,
    participants: people,
    stage: stage(people, session),
    onlineCount: room.onlineCount,
    train: known("train"),
    unknownParts: room.unknownParts.map(readEvent),
  };
}

/** Who speaks, and who waits to: the queue in the order in which the server saw it. */
function stage(people, session) {
  const at = (place) => people.filter(({ stageRole }) => stageRole === place);
  const queue = at("REQUESTED");
  // Who has no place in the queue stands before those who have, as a stable sort leaves them.
  queue.sort((one, other) => (one.requestedSeq ?? -Infinity) - (other.requestedSeq ?? -Infinity) || 0);
  return {
    isLive: session ? session.endedAt === null : false,
    host: at("HOST").at(-1) ?? null,
    speakers: at("SPEAKER"),
    invited: at("INVITED"),
    queue,
  };
}

// A room as pages see it, from the last event of each of its parts.

import { readEvent } from "./events.js";

const before = (one, other) => (one < other ? -1 : Number(one > other));

/** Reads a room that the module hands on. */
export function readRoom(room) {
  const profile = room.profile && readEvent(room.profile).room;
  const session = room.session && readEvent(room.session).session;
  const parts = room.parts.map(readEvent);
  const people = parts.flatMap(({ participant }) => (participant?.isListed ? [participant] : []));
  // In the order in which they joined.
  people.sort((one, other) => one.joinedAt - other.joinedAt || before(one.id, other.id));
  return {
    profile: profile ?? null,
    session: session ?? null,
    participants: people,
    stage: stage(people, session),
    onlineCount: room.onlineCount,
    train: parts.find(({ train }) => train)?.train ?? null,
    unknownParts: parts.filter(({ type }) => type === "Unknown"),
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

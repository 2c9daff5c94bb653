// What the module hands on, each made by one call: field by field it would be as many calls from there.

/** An event as it came, for `events.js` to read: its stamps, and in `json` all of it. */
export function makeEvent(type, json, seq, occurredAt, displayAt, isLive, part, lateByMs) {
  const timing = isLive ? "LIVE" : "PICTURE";
  const event = { type, json, seq, occurredAt, displayAt, timing, part: part ?? null };
  // Of one that is kept nobody says how late it was.
  return lateByMs === undefined ? event : { ...event, lateByMs };
}

/** A room's last events, for `room.js` to read. */
export function makeRoom(parts, unknownParts, onlineCount) {
  return { parts, unknownParts, onlineCount: onlineCount ?? null };
}

export function makeConnection(state, reason) {
  return { state, reason: reason ?? null };
}

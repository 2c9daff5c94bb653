// Participants as this package's users see them: times are milliseconds, positions are numbers.

/** Reads a `Participant` of the schema. */
export function participant(answer) {
  const { private: own, requestedSeq, joinedAt, leftAt, __typename, ...rest } = answer;
  return {
    ...rest,
    requestedSeq: requestedSeq === null ? null : Number(requestedSeq),
    joinedAt: Date.parse(joinedAt),
    leftAt: leftAt === null ? null : Date.parse(leftAt),
    viewerId: own?.viewerId ?? null,
    capabilities: own?.capabilities ?? null,
  };
}

/** Reads the result of a mutation: what became of the participant, or why nothing did. */
export function outcome(result) {
  if (result.__typename === "Participant") return { ok: true, participant: participant(result) };
  const { __typename: type, code, message, field = null, constraint = null } = result;
  return { ok: false, refusal: { type, code, message, field, constraint } };
}

/** The refusal that the server gives to whoever is not in the room, without asking it. */
export const NOT_JOINED = outcome({
  __typename: "AuthError",
  code: "NOT_JOINED",
  message: "whoever is not in the room has no say in it",
});

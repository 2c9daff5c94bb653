package parlor

/** Whom a followed room shows, for a change of theirs. */
fun ParticipantProfile.inRoom(roomId: String): KnownParticipant = KnownParticipant(roomId, id, version)

/** Whom an answer told of, for a change of theirs. */
fun Participant.inRoom(roomId: String): KnownParticipant = KnownParticipant(roomId, id, version)

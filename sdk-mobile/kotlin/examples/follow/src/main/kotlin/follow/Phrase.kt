package follow

import parlor.EventKind
import parlor.Failure
import parlor.ParticipantChange
import parlor.ParticipantProfile
import parlor.Room
import parlor.RoomEvent
import parlor.SessionChange
import parlor.StageRole

internal fun describe(event: RoomEvent): String = when (val kind = event.kind) {
    is EventKind.ContributionReceived -> with(kind.contribution) {
        "${name?.let(::plain) ?: "somebody"} gives $hype hype"
    }
    is EventKind.ParticipantChanged -> describe(kind.change, kind.participant)
    is EventKind.HypeTrainChanged -> with(kind.train) {
        "hype train ${words(kind.change)}: level $level, $progress of $goal"
    }
    is EventKind.SessionChanged -> when (kind.change) {
        SessionChange.STARTED -> "the stream is live, ${kind.session.delayMs.toDouble() / 1_000} s behind"
        SessionChange.INTERRUPTED -> "the stream is away"
        SessionChange.RESUMED -> "the stream is back"
        SessionChange.ENDED -> "the stream has ended"
    }
    is EventKind.RoomUpdated -> "the room is now \"${plain(kind.room.title)}\""
    else -> "something new happens: ${plain(event.typeName)}"
}

internal fun describe(room: Room): String {
    val title = room.profile?.let { plain(it.title) } ?: "?"
    val onStage = (listOfNotNull(room.stage.host) + room.stage.speakers).map { plain(it.name) }
    val stage = if (onStage.isEmpty()) "" else ", on the stage: ${onStage.joinToString()}"
    val online = room.onlineCount?.let { ", $it online" }.orEmpty()
    val train = room.train?.let { ", hype train at level ${it.level}" }.orEmpty()

    return title + online + stage + train
}

internal fun describe(failure: Failure): String = when (failure) {
    is Failure.RoomNotFound -> "there is no such room, or this token may not read it"
    is Failure.SignInRequired -> "it wants a valid token (--token)"
    is Failure.Incompatible -> "it speaks another protocol (close code ${failure.code})"
}

private fun describe(change: ParticipantChange, person: ParticipantProfile): String {
    val what = when (change) {
        ParticipantChange.JOINED -> "comes in"
        ParticipantChange.LEFT -> "leaves"
        ParticipantChange.REMOVED -> "is put out of the room"
        ParticipantChange.UPDATED -> "has another name now"
        ParticipantChange.ROLE_CHANGED -> "is ${words(person.role)} by role now"
        ParticipantChange.STAGE_CHANGED -> describe(person.stageRole)
        ParticipantChange.PRESENCE_CHANGED -> if (person.isOnline) "is here" else "is away"
    }

    return "${plain(person.name)} $what"
}

private fun describe(place: StageRole): String = when (place) {
    StageRole.AUDIENCE -> "is in the audience now"
    StageRole.REQUESTED -> "asks for the stage"
    StageRole.INVITED -> "is invited to the stage"
    StageRole.SPEAKER -> "is on the stage"
    StageRole.HOST -> "is the host"
    StageRole.UNKNOWN -> "is somewhere new"
}

private fun words(change: Enum<*>) = change.name.lowercase().replace('_', ' ')

/** What a person typed, without the characters that would move the cursor. */
private fun plain(typed: String) = typed.replace(Regex("\\p{Cc}"), "\uFFFD")

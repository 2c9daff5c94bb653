package follow

import parlor.EventKind
import parlor.Failure
import parlor.Room

internal fun describe(kind: EventKind): String = when (kind) {
    is EventKind.ContributionReceived -> with(kind.contribution) {
        "${name?.let(::plain) ?: "somebody"} gives $hype hype"
    }
    is EventKind.HypeTrainChanged -> with(kind.train) {
        "hype train ${words(kind.change)}: level $level, $progress of $goal"
    }
    is EventKind.SessionStarted -> "the stream is live, ${kind.session.delayMs.toDouble() / 1_000} s behind"
    is EventKind.SessionEnded -> "the stream has ended"
    is EventKind.RoomUpdated -> "the room is now \"${plain(kind.profile.title)}\""
}

internal fun describe(room: Room): String {
    val title = room.profile?.let { plain(it.title) } ?: "?"
    val train = room.train?.let { ", hype train at level ${it.level}" }.orEmpty()

    return title + train
}

internal fun describe(failure: Failure): String = when (failure) {
    is Failure.RoomNotFound -> "there is no such room, or this token may not read it"
    is Failure.SignInRequired -> "it wants a valid token (--token)"
    is Failure.Incompatible -> "it speaks another protocol (close code ${failure.code})"
}

private fun words(change: Enum<*>) = change.name.lowercase().replace('_', ' ')

/** What a person typed, without the characters that would move the cursor. */
private fun plain(typed: String) = typed.replace(Regex("\\p{Cc}"), "\uFFFD")

package follow

import parlor.EventKind
import parlor.Room

internal fun describe(kind: EventKind): String = when (kind) {
    is EventKind.ContributionReceived -> with(kind.contribution) {
        "${name?.let(::plain) ?: "somebody"} gives $hype hype"
    }
    is EventKind.HypeTrainChanged -> with(kind.train) {
        "hype train ${words(kind.change)}: level $level, $progress of $goal"
    }
    is EventKind.SessionStarted -> "the stream is live, ${kind.session.delayMs} ms behind"
    is EventKind.SessionEnded -> "the stream has ended"
    is EventKind.RoomUpdated -> "the room is now \"${plain(kind.profile.title)}\""
}

internal fun describe(room: Room): String {
    val title = room.profile?.let { plain(it.title) } ?: "?"
    val train = room.train?.let { ", hype train at level ${it.level}" }.orEmpty()

    return title + train
}

private fun words(change: Enum<*>) = change.name.lowercase().replace('_', ' ')

/** What a person typed, without the characters that would move the cursor. */
private fun plain(typed: String) = typed.replace(Regex("\\p{Cc}"), "\uFFFD")

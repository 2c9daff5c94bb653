package com.example.parlor

import androidx.media3.common.C
import androidx.media3.common.Player
import androidx.media3.common.Timeline
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.delay
import parlor.ParlorClient

/** Tells [client] where the picture of [player] is: at every change, and every second. On the main thread. */
suspend fun reportPlayhead(player: Player, client: ParlorClient) {
    val listener = object : Player.Listener {
        // Before `onEvents` tells where the picture is now.
        override fun onPositionDiscontinuity(
            from: Player.PositionInfo,
            to: Player.PositionInfo,
            reason: Int,
        ) {
            if (reason == Player.DISCONTINUITY_REASON_SEEK) client.noteSeek()
        }

        override fun onEvents(player: Player, events: Player.Events) = client.report(player)
    }
    player.addListener(listener)
    try {
        while (true) {
            client.report(player)
            delay(1.seconds)
        }
    } finally {
        player.removeListener(listener)
    }
}

private fun ParlorClient.report(player: Player) {
    val position = player.programDateTimeMillis()
    if (position == null) {
        losePlayhead()
    } else {
        setPlayhead(position, player.isPlaying, player.playbackParameters.speed)
    }
}

/** When the picture was taken, by the stream's own clock. `null` if the stream has none. */
private fun Player.programDateTimeMillis(): Long? {
    if (currentTimeline.isEmpty) return null
    val window = currentTimeline.getWindow(currentMediaItemIndex, Timeline.Window())
    if (window.windowStartTimeMs == C.TIME_UNSET) return null

    return window.windowStartTimeMs + currentPosition
}

package parlor

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.launch

/** Keeps the room as a state: it is copied out of the library once for each change, however often it is read. */
internal class RoomKeeper(private val native: NativeRooms, private val scope: CoroutineScope) {
    private val latest = MutableStateFlow(checkNotNull(native.take()) { "the first room is there at once" })

    /** Guarded by [native]. */
    private var isUsed = false

    /** The room, as it is now. */
    val room: StateFlow<Room>
        get() {
            synchronized(native) {
                if (!isUsed) start()
                isUsed = true
            }
            refresh()

            return latest.asStateFlow()
        }

    /** Takes the room as it is now, if anybody looks at it, so that it is not behind what is delivered next. */
    fun refresh() {
        // What is taken is set before the next is.
        synchronized(native) { if (isUsed) native.take()?.let { latest.value = it } }
    }

    private fun start() {
        scope.launch {
            // Whoever reads it now and then does not follow it.
            val following = launch {
                latest.subscriptionCount.map { it > 0 }.distinctUntilChanged().collect(native::follow)
            }
            try {
                while (native.wait()) refresh()
            } finally {
                following.cancel()
                native.leave()
            }
        }
    }
}

package parlor

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/** Keeps the room as a state: it is copied out of the library once for each change, however often it is read. */
internal class RoomKeeper(private val native: NativeRooms) {
    private val latest = MutableStateFlow(checkNotNull(native.take()) { "the first room is there at once" })

    val room: StateFlow<Room> = latest.asStateFlow()

    /** Returns when the client has ended. */
    suspend fun run() {
        while (native.wait()) refresh()
    }

    /** Takes the room as it is now, so that it is not behind what is delivered next. */
    fun refresh() {
        // What is taken is set before the next is.
        synchronized(native) { native.take()?.let { latest.value = it } }
    }
}

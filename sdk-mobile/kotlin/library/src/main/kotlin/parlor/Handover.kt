package parlor

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/**
 * Makes a flow of what is pulled, from which a cancelled collector takes nothing with it.
 *
 * A coroutine may be cancelled after what it waits for has come and before it runs again, and what
 * came is then lost. So the pull belongs to [scope] and outlives the collector that asked for it:
 * the next one finds what came meanwhile.
 */
internal class Handover<T : Any>(
    private val scope: CoroutineScope,
    private val pull: suspend () -> T?,
) {
    private val turn = Mutex()

    /** Guarded by [turn]. */
    private var pulled: Deferred<T?>? = null

    /** Ends when there is nothing more to pull, or [scope] is over. Has one collector at a time. */
    val flow: Flow<T> = flow {
        turn.withLock {
            while (true) {
                emit(look() ?: break)
            }
        }
    }.onEach {
        // Only behind `emit`, which may still find the collector cancelled, is it handed over.
        pulled = null
    }

    /** Waits for what is pulled, and leaves it where it is. */
    private suspend fun look(): T? {
        val waiting = pulled ?: scope.async { pull() }.also { pulled = it }

        return try {
            waiting.await()
        } catch (cancellation: CancellationException) {
            currentCoroutineContext().ensureActive()
            null
        }
    }
}

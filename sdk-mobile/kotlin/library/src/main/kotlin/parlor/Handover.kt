package parlor

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onEach

/** One consumer of what comes out of a client. */
internal interface Consumer<out T : Any> : AutoCloseable {
    /** Waits until there is something. Returns false at the end. */
    suspend fun wait(): Boolean

    /** What was waited for, left where it is. */
    fun peek(): T?

    /** Goes on behind what [peek] returns. */
    fun advance()
}

/**
 * Makes a flow of which each collector is a consumer of its own, from [consume]; `null` if there is nothing more.
 *
 * A coroutine may be cancelled after what it waits for has come and before it runs again, and what came is then
 * lost. So a consumer goes on only once what came is handed over, and a cancelled collector takes nothing with it.
 */
internal fun <T : Any> handOver(consume: () -> Consumer<T>?): Flow<T> = flow {
    consume()?.use { consumer ->
        while (consumer.wait()) {
            emit(consumer to (consumer.peek() ?: continue))
        }
    }
}.onEach { (consumer, _) ->
    // Only behind `emit`, which may still find the collector cancelled, is it handed over.
    consumer.advance()
}.map { (_, element) -> element }

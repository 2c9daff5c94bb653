package parlor

import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield

class HandoverTest {
    /** Many, for what is lost is lost in a moment between two threads. */
    private val count = 20_000

    @Test
    fun `collectors that are cancelled at any moment take nothing with them`() = bounded {
        val source = Source(count)
        val flow = handOver { source.Place() }
        val collected = mutableListOf<Int>()
        val random = Random(7)

        var cancelled = 0
        while (source.next <= count) {
            val wanted = collected.size + random.nextInt(4)
            val collecting = launch { flow.collect { collected += it } }
            while (collected.size < wanted && collecting.isActive) yield()
            collecting.cancelAndJoin()
            cancelled += 1
        }

        assertEquals(emptySet(), (1..count).toSet() - collected.toSet(), "lost")
        assertEquals((1..count).toList(), collected)
        assertTrue(cancelled > 100, "only $cancelled collectors were cancelled")
        assertEquals(0, source.open)
    }

    /** Numbers, of which each consumer goes on where the last one left. */
    private class Source(private val count: Int) {
        @Volatile
        var next = 1

        @Volatile
        var open = 0

        inner class Place : Consumer<Int> {
            init {
                open += 1
            }

            override suspend fun wait(): Boolean {
                yield()
                return next <= count
            }

            override fun peek(): Int = next

            override fun advance() {
                next += 1
            }

            override fun close() {
                open -= 1
            }
        }
    }
}

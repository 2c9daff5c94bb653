package parlor

import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield

class HandoverTest {
    /** Many, for what is lost is lost in a moment between two threads. */
    private val count = 20_000

    @Test
    fun `collectors that are cancelled at any moment take nothing with them`() = bounded {
        val source = AtomicInteger()
        val handover = Handover(this) {
            yield()
            source.incrementAndGet().takeIf { it <= count }
        }
        val collected = mutableListOf<Int>()
        val random = Random(7)

        var cancelled = 0
        while (source.get() <= count) {
            val wanted = collected.size + random.nextInt(4)
            val collecting = launch { handover.flow.collect { collected += it } }
            while (collected.size < wanted && collecting.isActive) yield()
            collecting.cancelAndJoin()
            cancelled += 1
        }

        assertEquals(emptySet(), (1..count).toSet() - collected.toSet(), "lost")
        assertEquals((1..count).toList(), collected)
        assertTrue(cancelled > 100, "only $cancelled collectors were cancelled")
    }

    @Test
    fun `a second collector waits for its turn`() = bounded {
        val source = AtomicInteger()
        val handover = Handover(this) { source.incrementAndGet().takeIf { it <= 100 } }

        val shares = coroutineScope {
            List(2) { mutableListOf<Int>().also { share -> launch { handover.flow.toList(share) } } }
        }

        assertEquals((1..100).toList(), shares.flatten().sorted())
        assertTrue(shares.any { it.isEmpty() }, "$shares")
    }
}

package parlor

import java.io.IOException
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeout

/** In virtual time. */
@OptIn(ExperimentalCoroutinesApi::class)
class TokenRenewalTest {
    private val requests = ArrayDeque(listOf(TokenRequest(TokenRequestReason.Refused)))
    private val given = mutableListOf<String>()

    @Test
    fun `a provider that fails is asked again, at a growing distance`() = runTest {
        val askedAt = mutableListOf<Long>()
        val renewal = TokenRenewal {
            askedAt += currentTime / 1_000
            if (askedAt.size < 8) throw IOException("no network") else "fresh"
        }

        start(renewal)
        assertIs<IOException>(renewal.failure.value)
        advanceTimeBy(200.seconds)

        assertEquals(listOf<Long>(0, 1, 3, 7, 15, 31, 61, 91), askedAt)
        assertEquals(listOf("fresh"), given)
        assertEquals(null, renewal.failure.value)
    }

    @Test
    fun `a provider that runs out of its own time or gives up is asked again`() = runTest {
        var asked = 0
        val renewal = TokenRenewal {
            when (asked++) {
                0 -> withTimeout(5.seconds) { awaitCancellation() }
                1 -> throw CancellationException("not now")
                else -> "fresh"
            }
        }

        start(renewal)
        advanceTimeBy(60.seconds)

        assertEquals(listOf("fresh"), given)
        assertEquals(null, renewal.failure.value)
    }

    @Test
    fun `a renewal that is cancelled asks no more`() = runTest {
        var asked = 0
        val renewal = TokenRenewal {
            asked += 1
            awaitCancellation()
        }
        val running = launch { renewal.run(requests::removeFirstOrNull, { given += it }) }
        runCurrent()

        running.cancelAndJoin()
        advanceTimeBy(60.seconds)

        assertEquals(1, asked)
        assertEquals(null, renewal.failure.value)
    }

    @Test
    fun `each need is met by a token of its own`() = runTest {
        requests += TokenRequest(TokenRequestReason.Expiring(1_000))

        start(TokenRenewal { "for ${it.reason}" })

        assertEquals(listOf("for ${TokenRequestReason.Refused}", "for ${TokenRequestReason.Expiring(1_000)}"), given)
    }

    private fun TestScope.start(renewal: TokenRenewal) {
        backgroundScope.launch { renewal.run(requests::removeFirstOrNull, { given += it }) }
        runCurrent()
    }
}

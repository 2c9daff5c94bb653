package parlor

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first

/** What an application does with its client: background and foreground, networks, tokens. */
@OptIn(ExperimentalCoroutinesApi::class)
class ApplicationTest {
    private val scene = Scene()

    @AfterTest
    fun close() = scene.close()

    @Test
    fun `a paused client is told everything once it is back`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            client.awaitRoom()
            client.pause()
            client.awaitState { it == ConnectionState.Paused }
            val given = (1..3).map { scene.give(room, it) }
            client.resume()

            val events = client.eventsUntil { it.gifts().size == 3 }
            assertEquals(given, events.gifts())
            assertEquals(events.gapless(), events.seqs())
        }
    }

    @Test
    fun `without a network nothing is tried, and with one it goes on`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            client.awaitRoom()
            client.networkChanged(online = false)
            client.awaitState { it == ConnectionState.WaitingForNetwork }
            val given = scene.give(room, 1)
            client.networkChanged(online = true)

            assertEquals(listOf(given), client.eventsUntil { it.size == 1 }.gifts())
        }
    }

    @Test
    fun `a wish for another connection gets one`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            client.awaitRoom()
            scene.server.kill()
            client.awaitState { it is ConnectionState.Waiting }
            scene.server.launch()
            client.reconnect()
            client.awaitState { it is ConnectionState.Live }
            val given = scene.give(room, 1)

            assertEquals(listOf(given), client.eventsUntil { it.size == 1 }.gifts())
        }
    }

    @Test
    fun `the provider is asked before a token expires, and nothing is missing`() = bounded {
        val room = scene.openRoom("room-1", anonymousRead = false)
        val requests = Channel<TokenRequest>(Channel.UNLIMITED)
        val lives = ArrayDeque(listOf("20s", "1h"))
        val provider = TokenProvider { request ->
            requests.send(request)
            scene.server.viewerToken(lives.removeFirst())
        }
        scene.follow(room, this, scene.server.viewerToken("10s"), provider).use { client ->
            client.awaitRoom()
            val given = mutableListOf(scene.give(room, 1))
            val first = assertIs<TokenRequestReason.Expiring>(requests.receive().reason)
            given += scene.give(room, 2)
            // Only a connection that was made with the second token is warned of its end.
            val second = assertIs<TokenRequestReason.Expiring>(requests.receive().reason)
            given += scene.give(room, 3)
            val events = client.eventsUntil { it.gifts().size == 3 }

            assertTrue(second.expiresAtUnixMillis > first.expiresAtUnixMillis)
            assertEquals(given, events.gifts())
            assertEquals(events.gapless(), events.seqs())
            assertEquals(0u, client.stats()?.disconnects)
        }
    }

    @Test
    fun `the provider is asked when the token is refused`() = bounded {
        val room = scene.openRoom("room-1", anonymousRead = false)
        val requests = Channel<TokenRequest>(Channel.UNLIMITED)
        val provider = TokenProvider { request ->
            requests.send(request)
            scene.server.viewerToken("1h")
        }
        scene.follow(room, this, "nonsense", provider).use { client ->
            assertEquals("A room", client.awaitRoom().profile?.title)
            assertEquals(TokenRequestReason.Refused, requests.receive().reason)
            assertTrue(requests.isEmpty)
        }
    }

    @Test
    fun `without a provider a refused client waits for a token`() = bounded {
        val room = scene.openRoom("room-1", anonymousRead = false)
        scene.follow(room, this, token = "nonsense").use { client ->
            val refused = client.awaitState { it is ConnectionState.Refused }
            assertEquals(ConnectionState.Refused(Failure.SignInRequired), refused)
            client.setToken(scene.server.viewerToken("1h"))

            assertTrue(client.awaitRoom().profile != null)
        }
    }

    private suspend fun ParlorClient.awaitState(expected: (ConnectionState) -> Boolean) =
        connectionState.first(expected)
}

package parlor

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch

/** A room on the real server, followed while the server is killed and started again. */
class FollowingTest {
    private val scene = Scene()

    @AfterTest
    fun close() = scene.close()

    @Test
    fun `a killed server costs nothing and repeats nothing`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            assertEquals("A room", client.awaitRoom().profile?.title)

            val given = (1..4).map { scene.give(room, it) }.toMutableList()
            val events = client.eventsUntil { it.gifts() == given }.toMutableList()
            scene.server.kill()
            scene.server.launch()
            given += (5..8).map { scene.give(room, it) }
            events += client.eventsUntil { it.totals().lastOrNull() == 8 * 500L }

            assertEquals(given, events.gifts())
            assertEquals(events.gapless(), events.seqs())
            assertEquals(events.totals().sorted(), events.totals())
            assertEquals(8 * 500L, scene.api.room(room)?.train?.total)
            assertTrue(client.stats()!!.disconnects >= 1u)
        }
    }

    @Test
    fun `two clients follow two rooms`() = bounded {
        val rooms = listOf(scene.openRoom("room-1"), scene.openRoom("room-2"))
        val clients = rooms.map { scene.follow(it, this) }
        clients.forEach { it.awaitRoom() }
        val given = rooms.mapIndexed { number, room -> scene.give(room, number) }

        for ((client, contribution) in clients.zip(given)) {
            client.use { assertEquals(listOf(contribution), it.eventsUntil { it.size == 1 }.gifts()) }
        }
    }

    @Test
    fun `stopping ends the collection and the scope`() = bounded {
        val room = scene.openRoom("room-1")
        lateinit var client: ParlorClient
        val following = launch {
            client = scene.follow(room, this)
            client.awaitRoom()
            val rest = async(start = CoroutineStart.UNDISPATCHED) { client.deliveries.toList() }
            client.stop()

            assertEquals(emptyList(), rest.await())
            assertEquals(emptyList(), client.deliveries.toList())
            assertEquals(ConnectionState.Stopped, client.connectionState.first { it == ConnectionState.Stopped })
        }

        // It is over only once the client in it is.
        following.join()
        client.setPlayhead(0, playing = true)
        assertEquals(null, client.stats())
    }

    @Test
    fun `a cancelled scope stops its client`() = bounded {
        val room = scene.openRoom("room-1")
        lateinit var client: ParlorClient
        val following = launch(start = CoroutineStart.UNDISPATCHED) { client = scene.follow(room, this) }
        client.awaitRoom()

        following.cancelAndJoin()

        assertEquals(ConnectionState.Stopped, client.connectionState.value)
        assertEquals(emptyList(), client.deliveries.toList())
        assertEquals(null, client.stats())
    }

    @Test
    fun `a cancelled collector takes nothing with it`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            client.awaitRoom()
            val collecting = launch(start = CoroutineStart.UNDISPATCHED) { client.deliveries.toList() }
            collecting.cancelAndJoin()
            val given = scene.give(room, 1)

            assertEquals(listOf(given), client.eventsUntil { it.size == 1 }.gifts())
        }
    }

    @Test
    fun `an unknown room ends it`() = bounded {
        val client = scene.follow("Um9vbTowMWEyMDUxMS0wNTI3LTcxMzktYTBkNC01MDNlNWZkMjI3OGQ=", this)

        assertEquals(emptyList(), client.deliveries.toList())

        val state = assertIs<ConnectionState.Refused>(client.connectionState.value)
        assertEquals(Failure.RoomNotFound, state.failure)
    }

    @Test
    fun `refusals say why`() = bounded {
        val room = scene.openRoom("room-1")
        val invalid = assertFailsWith<CommandException.Invalid> { scene.give(room, 1, amount = 0) }
        assertEquals("amount", invalid.`field`)
        scene.give(room, 2)
        assertFailsWith<CommandException.Conflict> { scene.give(room, 2, amount = 700) }
        val stranger = ParlorApi(scene.server.url, "nonsense")
        assertFailsWith<QueryException.Forbidden> { stranger.room(room) }
        assertFailsWith<ServerUrlException.Malformed> { ParlorApi("parlor.example") }
        scene.server.kill()
        assertFailsWith<QueryException.Unreachable> { scene.api.room(room) }
    }
}

package parlor

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotSame
import kotlin.test.assertSame
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.filterIsInstance
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
    fun `every collector gets all of it, and a later one begins with the room`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            val early = List(2) {
                async(start = CoroutineStart.UNDISPATCHED) { client.eventsUntil { it.totals().lastOrNull() == 4 * 500L } }
            }
            client.room.first { it.profile != null }
            val given = (1..2).map { scene.give(room, it) }.toMutableList()
            client.room.first { it.train?.total == 2 * 500L }
            val later = async(start = CoroutineStart.UNDISPATCHED) {
                val begun = client.awaitRoom()
                begun to client.eventsUntil { it.totals().lastOrNull() == 4 * 500L }
            }
            given += (3..4).map { scene.give(room, it) }

            for (events in early.map { it.await() }) {
                assertEquals(given, events.gifts())
                assertEquals(events.gapless(), events.seqs())
            }
            val (begun, events) = later.await()
            assertEquals(2 * 500L, begun.train?.total)
            assertEquals(given.drop(2), events.gifts())
        }
    }

    @Test
    fun `the room is a state that is copied once for each change and never behind what is collected`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            client.awaitRoom()
            val shown = async(start = CoroutineStart.UNDISPATCHED) {
                client.room.first { it.train?.total == 3 * 500L }
            }
            (1..3).forEach { scene.give(room, it) }
            var behind = 0
            client.deliveries.filterIsInstance<Delivery.Event>().first { (event) ->
                val total = (event.kind as? EventKind.HypeTrainChanged)?.train?.total ?: 0
                if ((client.room.value.train?.total ?: 0) < total) behind += 1
                total == 3 * 500L
            }

            assertEquals(0, behind)
            assertEquals("A room", shown.await().profile?.title)
            val latest = client.room.value
            scene.give(room, 4)
            client.eventsUntil { it.gifts().isNotEmpty() }
            assertNotSame(latest, client.room.value)
            assertSame(client.room.value, client.room.value)
        }
        // It stays as it was.
        val last = scene.follow(room, this)
        last.awaitRoom()
        last.stop()
        assertEquals("A room", last.room.value.profile?.title)
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

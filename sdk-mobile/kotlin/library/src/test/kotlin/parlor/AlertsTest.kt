package parlor

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.yield

/** Alerts one at a time, of contributions on the real server. */
class AlertsTest {
    private val scene = Scene()

    @AfterTest
    fun close() = scene.close()

    @Test
    fun `too many become one that says how many`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            val alerts = client.queue()
            alerts.pause()
            (1..8).forEach { scene.give(room, it) }
            client.hand(alerts, 8)
            assertNull(alerts.onStage())
            assertEquals(8uL, alerts.backlog())

            alerts.resume()
            val burst = assertIs<Alert.Burst>(alerts.onStage()?.alert)
            assertEquals(listOf(8L, 8L, 8L * 500), listOf(burst.count.toLong(), burst.peopleCount.toLong(), burst.hype))
            assertEquals(AlertMoney(8L * 500, "EUR"), burst.money)
            assertEquals("Viewer 1", burst.names.first())
            assertEquals(8uL, alerts.stats().shown + alerts.backlog())
        }
    }

    @Test
    fun `what matters more goes first and what is skipped leaves`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this).use { client ->
            val alerts = client.queue()
            alerts.pause()
            (1..3).forEach { scene.give(room, it) }
            client.hand(alerts, 3) { name -> if (name == "Viewer 3") 1 else 0 }
            alerts.resume()

            val names = mutableListOf<String?>()
            while (true) {
                val onStage = alerts.nextOnStage() ?: break
                names += assertIs<Alert.Single>(onStage.alert).contribution.name
                assertTrue(alerts.skip())
            }
            assertEquals(listOf<String?>("Viewer 3", "Viewer 1", "Viewer 2"), names)
        }
    }

    @Test
    fun `while the picture stands so does the alert`() = bounded {
        val room = scene.openRoom("room-1")
        scene.follow(room, this, placement = Placement.PLAYER).use { client ->
            // A little ahead of what is being filmed, so that everything is due at once.
            client.setPlayhead(System.currentTimeMillis() + 30_000, playing = false)
            val alerts = client.queue()
            val byPlayhead = listOf(SyncSource.PLAYHEAD, SyncSource.PLAYHEAD_LOST)
            while (client.syncSource() !in byPlayhead || client.pictureTimeUnixMillis == null) yield()
            scene.give(room, 1)
            client.hand(alerts, 1)
            val age = alerts.onStage()?.ageMs
            // Two answers of the server take their time.
            (2..3).forEach { scene.give(room, it) }

            assertEquals(age, checkNotNull(alerts.onStage()) { alerts.stats() }.ageMs)
        }
    }

    /** A queue, once the room is there. */
    private suspend fun ParlorClient.queue(): AlertQueue {
        awaitRoom()

        return checkNotNull(alerts())
    }

    /** Hands over what comes until so many contributions were among it. */
    private suspend fun ParlorClient.hand(alerts: AlertQueue, count: Int, priority: (String?) -> Int = { 0 }) {
        var left = count
        deliveries.first { delivery ->
            val gift = ((delivery as? Delivery.Event)?.event?.kind as? EventKind.ContributionReceived)?.contribution
            alerts.take(delivery, priority(gift?.name))
            if (gift != null) left -= 1
            left == 0
        }
    }

    /** What comes on stage next; `null` if nothing waits and nothing is there. */
    private suspend fun AlertQueue.nextOnStage(): AlertOnStage? {
        while (nextChangeInMs() != null) {
            onStage()?.takeIf { it.ageMs < it.stayMs }?.let { return it }
            yield()
        }

        return null
    }
}

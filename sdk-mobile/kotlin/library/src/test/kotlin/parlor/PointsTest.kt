package parlor

import java.io.File
import java.nio.file.Files
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first

/** What a viewer has, redeems and is charged, on the real server. */
class PointsTest {
    private val scene = Scene()
    private val folder: File = Files.createTempDirectory("parlor-redemptions-").toFile()
    private var grants = 0

    @AfterTest
    fun close() {
        scene.close()
        folder.deleteRecursively()
    }

    @Test
    fun `a balance grows and what is redeemed is held and then spent`() = bounded {
        val room = scene.openRoom("room-1")
        makeReward(room)
        scene.follow(room, this, token = scene.server.viewerToken(viewer = "ada")).use { client ->
            assertNull(client.wallet.value)
            val ada = client.api.join(room)
            client.sees { it.balance == 0L }
            grant(room, ada, 100)
            client.sees { it.available == 100L }

            val reward = client.api.rewards(room).single()
            assertEquals("A number" to 30L, reward.title to reward.cost)
            assertEquals(RewardAskKind.NUMBER to 6L, reward.input.kind to reward.input.max)
            assertEquals(true, reward.standing?.canRedeem)
            val made = client.api.redeem(reward.inRoom(room, "4"))
            assertEquals(RedemptionStatus.UNFULFILLED to "4", made.status to made.input)
            val held = client.sees { it.held == 30L }
            assertEquals(100L to ada, held.balance to held.participantId)
            assertEquals(listOf(made), held.redemptions)

            scene.command("fulfillRedemption", "Redemption", "roomId: \"$room\", redemptionId: \"${made.id}\"")
            val spent = client.sees { it.balance == 70L }
            assertEquals(RedemptionStatus.FULFILLED, spent.redemptions.single().status)
            assertEquals(spent.redemptions.single(), client.api.redemption(made.id))
        }
    }

    @Test
    fun `a refusal names the rule and the field`() = bounded {
        val room = scene.openRoom("room-1")
        makeReward(room)
        val api = ParlorApi(scene.server.url, scene.server.viewerToken(viewer = "ada"))
        val reward = api.rewards(room).single()
        val stranger = assertFailsWith<CommandException.Forbidden> { api.redeem(reward.inRoom(room, "4")) }
        assertEquals("NOT_JOINED", stranger.code)
        val ada = api.join(room)
        val poor = assertFailsWith<CommandException.Conflict> { api.redeem(reward.inRoom(room, "4")) }
        assertEquals("INSUFFICIENT_POINTS", poor.code)
        assertEquals("INSUFFICIENT_POINTS", api.rewards(room).single().standing?.refusal?.code)

        grant(room, ada, 100)
        val invalid = assertFailsWith<CommandException.Invalid> { api.redeem(reward.inRoom(room, "7")) }
        assertEquals("input", invalid.`field`)
        assertNotNull(invalid.constraint)
        val cheaper = reward.copy(cost = 20).inRoom(room, "4")
        assertEquals("COST_CHANGED", assertFailsWith<CommandException.Conflict> { api.redeem(cheaper) }.code)
    }

    @Test
    fun `what could not be asked for is settled once after a restart`() = bounded {
        val room = scene.openRoom("room-1")
        makeReward(room)
        val token = scene.server.viewerToken(viewer = "ada")
        val api = ParlorApi(scene.server.url, token, folder.path)
        grant(room, api.join(room), 100)
        val reward = api.rewards(room).single()
        val first = api.redeem(reward.inRoom(room, "1"))
        scene.server.kill()
        assertFailsWith<CommandException.Unreachable> { api.redeem(reward.inRoom(room, "4")) }
        scene.server.launch()

        // Another process would have nothing but the folder.
        scene.follow(room, this, token = token, redemptionsFolder = folder.path).use { client ->
            assertEquals(listOf(first), client.sees { true }.redemptions)
            val settled = client.api.settleRedemptions(room).single()
            assertTrue(settled.isAnswered)
            assertEquals("4", settled.redemption?.input)
            assertEquals(listOf(), client.api.settleRedemptions(room))
            assertEquals(listOf(settled.redemption, first), client.sees { it.held == 60L }.redemptions)
        }
    }

    @Test
    fun `nobody sees or pays for what is somebody else's`() = bounded {
        val room = scene.openRoom("room-1")
        makeReward(room)
        val (ada, ben) = listOf("ada", "ben").map { scene.server.viewerToken(viewer = it) }
        listOf(ada, ben).forEach { grant(room, ParlorApi(scene.server.url, it).join(room), 100) }
        val api = ParlorApi(scene.server.url, ada, folder.path)
        val reward = api.rewards(room).single()
        api.redeem(reward.inRoom(room, "1"))
        scene.server.kill()
        assertFailsWith<CommandException.Unreachable> { api.redeem(reward.inRoom(room, "4")) }
        scene.server.launch()
        api.setToken(ben)
        assertEquals(listOf(), api.settleRedemptions(room))

        scene.follow(room, this, token = ada).use { client ->
            val wallet = client.wallet
            val ofAda = client.sees { it.held == 30L }
            client.setToken(ben)
            assertNotEquals(ofAda, wallet.value)
            val ofBen = client.sees { true }
            assertNotEquals(ofAda.participantId, ofBen.participantId)
            assertEquals(100L to listOf(), ofBen.available to ofBen.redemptions)
        }
    }

    private fun makeReward(room: String): String = scene.command(
        "createReward",
        "Reward",
        """idempotencyKey: "reward", roomId: "$room", title: "A number", cost: "30",
        input: { number: { min: "1", max: "6" } }""".replace("\n", " "),
    )

    private fun grant(room: String, participant: String, points: Int): String = scene.command(
        "grantPoints",
        "PointsTransfer",
        "idempotencyKey: \"${grants++}\", roomId: \"$room\", participantId: \"$participant\", " +
            "points: \"$points\", reason: \"welcome\"",
    )

    /** Has the caller join, and returns who they are in the room. */
    private suspend fun ParlorApi.join(room: String): String = joinRoom(NewParticipant(room, "Ada")).id

    /** Waits until there is a wallet as wanted. */
    private suspend fun ParlorClient.sees(wanted: (Wallet) -> Boolean): Wallet =
        wallet.filterNotNull().first(wanted)
}

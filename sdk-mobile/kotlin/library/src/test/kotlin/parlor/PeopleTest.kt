package parlor

import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.first

/** Two people and a stage on the real server, each seeing what the other does. */
class PeopleTest {
    private val scene = Scene()

    @AfterTest
    fun close() = scene.close()

    @Test
    fun `two people meet on the stage`() = bounded {
        val room = scene.openRoom("room-1", stageSize = 1u)
        val (ada, ben) = listOf(enter(room, "ada"), enter(room, "ben"))
        ben.sees { it.onlineCount == 2 && it.participants.all { one -> one.isOnline } }
        ada.act { requestStage(it) }
        ben.sees { it.stage.queue.names() == listOf("ada") }

        ada.act(scene.api) { inviteToStage(it) }
        ada.act { joinStage(it) }
        ben.sees { it.stage.speakers.names() == listOf("ada") }
        ada.act(scene.api) { handOverHost(it, null) }
        val seen = ben.sees { it.stage.host?.name == "ada" }

        assertTrue(seen.stage.isLive)
        assertEquals(listOf("ada", "ben"), seen.participants.names())
        assertEquals(1L, ben.api.stage(room)?.size)
        assertEquals(Membership.LEFT, ada.api.leaveRoom(room).membership)
        assertNull(ben.sees { it.participants.names() == listOf("ben") }.stage.host)
        ben.sees { it.onlineCount == 1 }
        listOf(ada, ben).forEach { it.client.stop() }
    }

    @Test
    fun `a refusal names the rule`() = bounded {
        val room = scene.openRoom("room-1", stageSize = 1u)
        val (ada, ben) = listOf(enter(room, "ada"), enter(room, "ben"))
        val before = ada.participant.inRoom(room)
        ada.act { requestStage(it) }

        assertFailsWith<CommandException.Stale> { ada.api.withdrawStageRequest(before) }
        val forbidden = assertFailsWith<CommandException.Forbidden> { ben.act(ada.api) { inviteToStage(it) } }
        assertEquals("CAPABILITY_MISSING", forbidden.code)
        listOf(ada, ben).forEach { person -> person.act(scene.api) { inviteToStage(it) } }
        ada.act { joinStage(it) }
        val conflict = assertFailsWith<CommandException.Conflict> { ben.act { joinStage(it) } }
        assertEquals("STAGE_FULL", conflict.code)
        listOf(ada, ben).forEach { it.client.stop() }
    }

    @Test
    fun `authority is given and told`() = bounded {
        val room = scene.openRoom("room-1")
        val (ada, ben) = listOf(enter(room, "ada"), enter(room, "ben"))
        ada.act(scene.api) { assignRole(it, ParticipantRole.OWNER) }
        ben.act(ada.api) { grant(it, NewCapabilityTerms(Capability.STAGE_INVITE, reason = "helps out")) }

        val access = ben.api.roomAccess(room)
        assertTrue(Capability.STAGE_INVITE in access.capabilities)
        assertEquals("helps out", access.participant?.privateDetails?.grants?.single()?.reason)
        assertNull(ben.api.participant(ada.participant.id)?.privateDetails)
        ben.act(ada.api) { remove(it, "was rude") }
        val removed = assertFailsWith<CommandException.Conflict> { ben.api.joinRoom(NewParticipant(room, "ben")) }
        assertEquals("PARTICIPANT_REMOVED", removed.code)
        val actions = ada.api.audit(AuditQuestion(room)).entries.map { it.action }
        assertEquals(
            listOf(AuditAction.ROLE_ASSIGNED, AuditAction.CAPABILITY_GRANTED, AuditAction.REMOVED),
            actions,
        )
        listOf(ada, ben).forEach { it.client.stop() }
    }

    @Test
    fun `what renews a client's token renews that of its commands`() = bounded {
        val room = scene.openRoom("room-1", anonymousRead = false)
        val good = scene.server.viewerToken(viewer = "ada")
        scene.follow(room, this, token = "nonsense").use { client ->
            val refused = assertFailsWith<QueryException.Forbidden> { client.api.roomAccess(room) }
            assertEquals("UNAUTHENTICATED", refused.code)

            client.setToken(good)
            client.awaitRoom()
            assertEquals("ada", client.api.joinRoom(NewParticipant(room, "ada")).name)
        }
    }

    /** Has [name] join the room and follow it. */
    private suspend fun CoroutineScope.enter(room: String, name: String): Person {
        val client = scene.follow(room, this, token = scene.server.viewerToken(viewer = name))
        val person = Person(room, client, client.api.joinRoom(NewParticipant(room, name)))
        person.sees { name in it.participants.names() }

        return person
    }
}

/** Somebody who has joined a room and follows it. */
private class Person(val room: String, val client: ParlorClient, var participant: Participant) {
    val api: ParlorApi get() = client.api

    /** Has [command] done to the person, as they are now, by themselves unless [by] another. */
    suspend fun act(by: ParlorApi = api, command: suspend ParlorApi.(KnownParticipant) -> Participant) {
        val now = checkNotNull(api.participant(participant.id))
        participant = by.command(now.inRoom(room))
    }

    /** Waits until the room that the person follows is as wanted. */
    suspend fun sees(wanted: (Room) -> Boolean): Room {
        if (!wanted(room())) {
            client.deliveries.first { wanted(room()) }
        }

        return room()
    }

    private fun room(): Room = client.room.value
}

private fun List<ParticipantProfile>.names(): List<String> = map { it.name }

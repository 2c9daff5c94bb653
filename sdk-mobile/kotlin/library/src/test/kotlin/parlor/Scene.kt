package parlor

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import kotlin.time.toJavaDuration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map

/** A running server with an open room, and what its staff does there. */
class Scene : AutoCloseable {
    val server = RunningServer()
    val api = ParlorApi(server.url, server.staffToken)

    /** Makes a room with a live session, and returns its id. */
    suspend fun openRoom(slug: String, anonymousRead: Boolean = true, stageSize: UInt? = null): String {
        val program = HypeTrainProgram(
            kickoffEvents = 2u,
            kickoffViewers = 2u,
            kickoffWindowMs = 600_000u,
            levels = listOf(HypeTrainLevel(goal = 1_200)),
            secondsPerLevel = 600u,
            cooldownMs = 0u,
        )
        val room = api.createRoom(
            NewRoom(
                slug = slug,
                title = "A room",
                state = RoomState.OPEN,
                anonymousRead = anonymousRead,
                stageSize = stageSize,
                hypeTrainProgram = program,
            ),
        )
        api.startSession(room.id)

        return room.id
    }

    /** Gives 5 euros, and returns the contribution's id. */
    suspend fun give(room: String, number: Int, amount: Long = 500): String = api.recordContribution(
        ContributionReport(
            roomId = room,
            idempotencyKey = "$room-$number",
            kind = ContributionKind.DONATION,
            amount = amount,
            currency = "EUR",
            viewerId = "viewer-$number",
            viewerName = "Viewer $number",
        ),
    ).id

    /** Follows a room as somebody beside the stream does. */
    fun follow(
        room: String,
        scope: CoroutineScope,
        token: String? = null,
        tokenProvider: TokenProvider? = null,
        redemptionsFolder: String? = null,
        placement: Placement = Placement.COMPANION,
    ): ParlorClient {
        val config = Config(server.url, room, placement, token, redemptionsFolder = redemptionsFolder)

        return ParlorClient.connect(config, scope, tokenProvider)
    }

    /** Has staff do what the library has no method for, with [input] as GraphQL has it. Returns the id of the [made]. */
    fun command(field: String, made: String, input: String): String {
        val query = "mutation { $field(input: { $input }) { ... on $made { id } } }"
        val escaped = query.replace("\\", "\\\\").replace("\"", "\\\"")
        val request = HttpRequest.newBuilder(URI("${server.url}/graphql"))
            .timeout(PATIENCE.toJavaDuration())
            .header("content-type", "application/json")
            .header("authorization", "Bearer ${server.staffToken}")
            .POST(HttpRequest.BodyPublishers.ofString("{\"query\":\"$escaped\"}"))
            .build()
        val answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body()

        return checkNotNull(Regex("\"id\":\"([^\"]+)\"").find(answer)) { answer }.groupValues[1]
    }

    override fun close() = server.close()
}

/** Waits for the state that a client begins with. */
suspend fun ParlorClient.awaitRoom(): Room =
    deliveries.filterIsInstance<Delivery.StateReplaced>().map { it.room }.first()

/** The next events, up to the first with which there are [enough]. */
suspend fun ParlorClient.eventsUntil(enough: (List<RoomEvent>) -> Boolean): List<RoomEvent> {
    val events = mutableListOf<RoomEvent>()
    deliveries.filterIsInstance<Delivery.Event>().first { delivery ->
        events += delivery.event
        enough(events)
    }

    return events
}

/** The ids of the contributions among the events. */
fun List<RoomEvent>.gifts(): List<String> =
    map { it.kind }.filterIsInstance<EventKind.ContributionReceived>().map { it.contribution.id }

/** What the hype train had after each of its events. */
fun List<RoomEvent>.totals(): List<Long> =
    map { it.kind }.filterIsInstance<EventKind.HypeTrainChanged>().map { it.train.total }

fun List<RoomEvent>.seqs(): List<Long> = map { it.seq }

/** [size] positions in a row, the first of which is that of the first event. */
fun List<RoomEvent>.gapless(): List<Long> = List(size) { first().seq + it }

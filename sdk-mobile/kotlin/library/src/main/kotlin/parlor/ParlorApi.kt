package parlor

/**
 * Questions and commands to a server, apart from any subscription.
 *
 * Keeps no connection; each call opens its own. A call that is cancelled may still be carried out.
 *
 * @param server the server, such as `https://parlor.example`
 * @param token what to call it with; nothing to ask as anyone may
 * @throws ServerUrlException if [server] is no server's address
 */
class ParlorApi(server: String, token: String? = null) {
    private val native: NativeApi

    init {
        uniffiEnsureInitialized()
        native = NativeApi(server, token)
    }

    /**
     * Asks for a room by its global id. Returns `null` if there is none, or it is not the token's to
     * see.
     *
     * @throws QueryException
     */
    suspend fun room(id: String): RoomDetails? = native.room(id)

    /**
     * Makes a room.
     *
     * @throws CommandException
     */
    suspend fun createRoom(room: NewRoom): RoomSummary = native.createRoom(room)

    /**
     * Starts a live session, with the room's delay unless another is given.
     *
     * @throws CommandException
     */
    suspend fun startSession(roomId: String, delayMs: UInt? = null): Session = native.startSession(roomId, delayMs)

    /**
     * Ends the live session.
     *
     * @throws CommandException
     */
    suspend fun endSession(roomId: String): Session = native.endSession(roomId)

    /**
     * Reports a contribution. Safe to repeat with the same idempotency key: it counts once, and the
     * first answer comes again.
     *
     * @throws CommandException
     */
    suspend fun recordContribution(report: ContributionReport): Contribution = native.recordContribution(report)
}

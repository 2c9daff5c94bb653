package parlor

/**
 * Questions and commands to a server, apart from any subscription.
 *
 * Keeps no connection; each call opens its own. A call that is cancelled may still be carried out. One
 * that comes from [ParlorClient.api] always has that client's token, so that what renews the one renews
 * the other.
 */
class ParlorApi internal constructor(private val native: NativeApi) {
    /**
     * @param server the server, such as `https://parlor.example`
     * @param token what to call it with; nothing to ask as anyone may
     * @param redemptionsFolder where to note what is redeemed, as [Config.redemptionsFolder]
     * @throws ServerUrlException if [server] is no server's address
     */
    constructor(server: String, token: String? = null, redemptionsFolder: String? = null) :
        this(native(server, token, redemptionsFolder))

    /** Gives a new token. Calls from now on are made with it; those under way are not. */
    fun setToken(token: String) {
        native.setToken(token)
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
     * Tells that the live session's stream went away. If it does not come back within the room's grace,
     * the session will have ended now.
     *
     * @throws CommandException
     */
    suspend fun interruptSession(roomId: String): Session = native.interruptSession(roomId)

    /**
     * Tells that the stream is back.
     *
     * @throws CommandException
     */
    suspend fun resumeSession(roomId: String): Session = native.resumeSession(roomId)

    /**
     * Ends the live session; one that is interrupted ended when it was interrupted.
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

    /**
     * Lets somebody into a room: the caller, or whom staff names. Whoever is in it stays as they are.
     *
     * @throws CommandException
     */
    suspend fun joinRoom(participant: NewParticipant): Participant =
        native.joinRoom(participant)

    /**
     * Lets the caller out of a room. They keep their role and give up their place on the stage.
     *
     * @throws CommandException
     */
    suspend fun leaveRoom(roomId: String): Participant =
        native.leaveRoom(roomId)

    /**
     * Gives somebody another name. Everyone may rename themselves.
     *
     * @throws CommandException
     */
    suspend fun rename(participant: KnownParticipant, name: String): Participant =
        native.renameParticipant(participant, name)

    /**
     * Puts somebody out of the room. They lose role and grants, and do not join again before they are
     * readmitted.
     *
     * @throws CommandException
     */
    suspend fun remove(participant: KnownParticipant, reason: String? = null): Participant =
        native.removeParticipant(participant, reason)

    /**
     * Lets somebody who was removed join again when they like.
     *
     * @throws CommandException
     */
    suspend fun readmit(participant: KnownParticipant): Participant =
        native.readmitParticipant(participant)

    /**
     * Gives somebody a role, higher or lower than the one that they have.
     *
     * @throws CommandException
     */
    suspend fun assignRole(participant: KnownParticipant, role: ParticipantRole): Participant =
        native.assignRole(participant, role)

    /**
     * Grants somebody a capability that the caller has, beside their role.
     *
     * @throws CommandException
     */
    suspend fun grant(participant: KnownParticipant, terms: NewCapabilityTerms): Participant =
        native.grantCapability(participant, terms)

    /**
     * Denies somebody a capability, whatever their role and grants say.
     *
     * @throws CommandException
     */
    suspend fun deny(participant: KnownParticipant, terms: NewCapabilityTerms): Participant =
        native.denyCapability(participant, terms)

    /**
     * Takes a grant back.
     *
     * @throws CommandException
     */
    suspend fun clearGrant(participant: KnownParticipant, capability: Capability): Participant =
        native.clearCapabilityGrant(participant, capability)

    /**
     * Takes a denial back.
     *
     * @throws CommandException
     */
    suspend fun clearDenial(participant: KnownParticipant, capability: Capability): Participant =
        native.clearCapabilityDenial(participant, capability)

    /**
     * Asks for the stage, for the caller themselves.
     *
     * @throws CommandException
     */
    suspend fun requestStage(participant: KnownParticipant): Participant =
        native.requestStage(participant)

    /**
     * Takes the caller's own request back.
     *
     * @throws CommandException
     */
    suspend fun withdrawStageRequest(participant: KnownParticipant): Participant =
        native.withdrawStageRequest(participant)

    /**
     * Invites somebody of the audience to the stage, whether they asked or not.
     *
     * @throws CommandException
     */
    suspend fun inviteToStage(participant: KnownParticipant): Participant =
        native.inviteToStage(participant)

    /**
     * Turns down the caller's own invitation, or, as somebody who invites, another's request or
     * invitation.
     *
     * @throws CommandException
     */
    suspend fun declineStage(participant: KnownParticipant): Participant =
        native.declineStage(participant)

    /**
     * Takes the stage as a speaker, for the caller themselves: invited, or as somebody who invites.
     *
     * @throws CommandException
     */
    suspend fun joinStage(participant: KnownParticipant): Participant =
        native.joinStage(participant)

    /**
     * Goes back to the audience, for the caller themselves.
     *
     * @throws CommandException
     */
    suspend fun leaveStage(participant: KnownParticipant): Participant =
        native.leaveStage(participant)

    /**
     * Moves somebody from the stage to the audience.
     *
     * @throws CommandException
     */
    suspend fun moveToAudience(participant: KnownParticipant): Participant =
        native.moveToAudience(participant)

    /**
     * Makes a speaker, or the caller, the host; the former host goes on as a speaker.
     *
     * @param hostId who the caller believes to be the host, `null` for nobody: of two who hand over at once,
     *   neither undoes the other
     * @throws CommandException
     */
    suspend fun handOverHost(participant: KnownParticipant, hostId: String?): Participant =
        native.handOverHost(participant, hostId)

    /**
     * Asks for a participant by their global id. Returns `null` if there is none, or they are not the
     * token's to see.
     *
     * @throws QueryException
     */
    suspend fun participant(id: String): Participant? =
        native.participant(id)

    /**
     * Asks who is in a room, whether its log shows them by name or not.
     *
     * @throws QueryException
     */
    suspend fun participants(question: ParticipantsQuestion): ParticipantsPage =
        native.participants(question)

    /**
     * Asks who speaks in a room and who waits to. Returns `null` if there is no such room, or it is not the
     * token's to see. A room that is followed tells it unasked, in [ParlorClient.room].
     *
     * @throws QueryException
     */
    suspend fun stage(roomId: String): StageDetails? =
        native.stage(roomId)

    /**
     * Asks who used authority over whom in a room. Needs the capability to read the audit trail.
     *
     * @throws QueryException
     */
    suspend fun audit(question: AuditQuestion): AuditPage =
        native.audit(question)

    /**
     * Asks what the caller is in a room, and may do there.
     *
     * @throws QueryException
     */
    suspend fun roomAccess(roomId: String): RoomAccess =
        native.roomAccess(roomId)

    /**
     * Asks what a room sells, and how each stands to the caller now. Nothing if the room is not the token's to see.
     * What is told late is refused in time: ask again when the wallet or the session has changed.
     *
     * @throws QueryException
     */
    suspend fun rewards(roomId: String): List<Reward> = native.rewards(roomId)

    /**
     * Asks for a redemption by its global id, as it is now. Returns `null` if there is none, or it is not the
     * token's to see.
     *
     * @throws QueryException
     */
    suspend fun redemption(id: String): Redemption? = native.redemption(id)

    /**
     * Redeems a reward for the caller, such as `reward.inRoom(room)`.
     *
     * It is noted before it is asked for, and until it is answered. Where the answer is lost it is asked for again by
     * the same key, four times; after `Unreachable` and `Faulty`, and after a `Forbidden` that follows a lost answer, it
     * may have been redeemed all the same. Then [settleRedemptions] asks again, and so does redeeming the same reward with the same input within
     * ten minutes: that is the same redemption, at the cost at which it was asked for first.
     *
     * @throws CommandException as every command, and `Forbidden` with `NOT_JOINED` of whoever never joined the room,
     *   with `VIEWER_CHANGED` if somebody else is signed in by now; `Conflict` with `NOT_NOTED` if it could not be noted,
     *   and so was not asked for
     */
    suspend fun redeem(redemption: NewRedemption): Redemption = native.redeem(redemption)

    /**
     * Asks again for what the caller has asked to redeem in a room within ten minutes, and was not told of, and returns
     * what came of each, the oldest first. Call it when the application starts, and when it is online again.
     *
     * @throws CommandException if it cannot be asked who the caller is
     */
    suspend fun settleRedemptions(roomId: String): List<SettledRedemption> = native.settleRedemptions(roomId)
}

private fun native(server: String, token: String?, redemptionsFolder: String?): NativeApi {
    uniffiEnsureInitialized()

    return NativeApi(server, token, redemptionsFolder)
}

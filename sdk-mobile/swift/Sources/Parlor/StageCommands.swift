import ParlorNative

/// The stage. Speaking takes a request and an invitation, in either order, and then an act of the
/// speaker's own.
extension ParlorAPI {
    /// Asks for the stage, for the caller themselves.
    @discardableResult
    public func requestStage(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.requestStage(participant: participant) }
    }

    /// Takes the caller's own request back.
    @discardableResult
    public func withdrawStageRequest(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.withdrawStageRequest(participant: participant) }
    }

    /// Invites somebody of the audience to the stage, whether they asked or not.
    @discardableResult
    public func inviteToStage(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.inviteToStage(participant: participant) }
    }

    /// Turns down the caller's own invitation, or, as somebody who invites, another's request or
    /// invitation.
    @discardableResult
    public func declineStage(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.declineStage(participant: participant) }
    }

    /// Takes the stage as a speaker, for the caller themselves: invited, or as somebody who invites.
    @discardableResult
    public func joinStage(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.joinStage(participant: participant) }
    }

    /// Goes back to the audience, for the caller themselves.
    @discardableResult
    public func leaveStage(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.leaveStage(participant: participant) }
    }

    /// Moves somebody from the stage to the audience.
    @discardableResult
    public func moveToAudience(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.moveToAudience(participant: participant) }
    }

    /// Makes a speaker, or the caller, the host; the former host goes on as a speaker.
    ///
    /// - Parameters:
    ///   - participant: Who becomes the host.
    ///   - hostID: Who the caller believes to be the host, nothing for nobody: of two who hand over at
    ///     once, neither undoes the other.
    @discardableResult
    public func handOverHost(to participant: KnownParticipant, from hostID: String?) async throws
        -> Participant
    {
        try await call {
            try await $0.handOverHost(participant: participant, fromParticipantId: hostID)
        }
    }

    /// Asks who speaks in a room and who waits to. Returns nothing if there is no such room, or it is
    /// not the token's to see. A room that is followed tells it unasked, in ``ParlorClient/room``.
    ///
    /// - Throws: ``QueryError``.
    public func stage(ofRoom roomID: String) async throws -> StageDetails? {
        try await call { try await $0.stage(roomId: roomID) }
    }
}

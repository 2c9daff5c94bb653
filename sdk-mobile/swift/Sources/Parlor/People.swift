import Foundation
import ParlorNative

extension KnownParticipant {
    /// Whom a followed room shows.
    public init(_ participant: ParticipantProfile, inRoom roomID: String) {
        self.init(
            roomId: roomID,
            participantId: participant.id,
            version: participant.version
        )
    }

    /// Whom an answer told of.
    public init(_ participant: Participant, inRoom roomID: String) {
        self.init(
            roomId: roomID,
            participantId: participant.id,
            version: participant.version
        )
    }
}

/// People and the stage. Every command answers with the participant as they are then, and throws
/// ``CommandError``: ``CommandError/stale(reason:)`` if they have changed since the caller got to know
/// them.
extension ParlorAPI {
    /// Lets somebody into a room: the caller, or whom staff names. Whoever is in it stays as they are.
    public func joinRoom(_ participant: NewParticipant) async throws -> Participant {
        try await call { try await $0.joinRoom(new: participant) }
    }

    /// Lets the caller out of a room. They keep their role and give up their place on the stage.
    @discardableResult
    public func leaveRoom(roomID: String) async throws -> Participant {
        try await call { try await $0.leaveRoom(roomId: roomID) }
    }

    /// Gives somebody another name. Everyone may rename themselves.
    @discardableResult
    public func rename(_ participant: KnownParticipant, to name: String) async throws -> Participant {
        try await call { try await $0.renameParticipant(participant: participant, name: name) }
    }

    /// Puts somebody out of the room. They lose role and grants, and do not join again before they are
    /// readmitted.
    @discardableResult
    public func remove(_ participant: KnownParticipant, reason: String? = nil) async throws
        -> Participant
    {
        try await call { try await $0.removeParticipant(participant: participant, reason: reason) }
    }

    /// Lets somebody who was removed join again when they like.
    @discardableResult
    public func readmit(_ participant: KnownParticipant) async throws -> Participant {
        try await call { try await $0.readmitParticipant(participant: participant) }
    }

    /// Gives somebody a role, higher or lower than the one that they have.
    @discardableResult
    public func assignRole(_ role: ParticipantRole, to participant: KnownParticipant) async throws
        -> Participant
    {
        try await call { try await $0.assignRole(participant: participant, role: role) }
    }

    /// Grants somebody a capability that the caller has, beside their role.
    @discardableResult
    public func grant(_ terms: NewCapabilityTerms, to participant: KnownParticipant) async throws
        -> Participant
    {
        try await call { try await $0.grantCapability(participant: participant, terms: terms) }
    }

    /// Denies somebody a capability, whatever their role and grants say.
    @discardableResult
    public func deny(_ terms: NewCapabilityTerms, to participant: KnownParticipant) async throws
        -> Participant
    {
        try await call { try await $0.denyCapability(participant: participant, terms: terms) }
    }

    /// Takes a grant back.
    @discardableResult
    public func clearGrant(of capability: Capability, to participant: KnownParticipant) async throws
        -> Participant
    {
        try await call {
            try await $0.clearCapabilityGrant(participant: participant, capability: capability)
        }
    }

    /// Takes a denial back.
    @discardableResult
    public func clearDenial(of capability: Capability, to participant: KnownParticipant) async throws
        -> Participant
    {
        try await call {
            try await $0.clearCapabilityDenial(participant: participant, capability: capability)
        }
    }

    /// Asks for a participant by their global id. Returns nothing if there is none, or they are not the
    /// token's to see.
    ///
    /// - Throws: ``QueryError``.
    public func participant(id: String) async throws -> Participant? {
        try await call { try await $0.participant(id: id) }
    }

    /// Asks who is in a room, whether its log shows them by name or not.
    ///
    /// - Throws: ``QueryError``.
    public func participants(_ question: ParticipantsQuestion) async throws -> ParticipantsPage {
        try await call { try await $0.participants(question: question) }
    }

    /// Asks who used authority over whom in a room. Needs the capability to read the audit trail.
    ///
    /// - Throws: ``QueryError``.
    public func audit(_ question: AuditQuestion) async throws -> AuditPage {
        try await call { try await $0.audit(question: question) }
    }

    /// Asks what the caller is in a room, and may do there.
    ///
    /// - Throws: ``QueryError``.
    public func access(toRoom roomID: String) async throws -> RoomAccess {
        try await call { try await $0.roomAccess(roomId: roomID) }
    }
}

import Foundation
import ParlorNative

/// Questions and commands to a server, apart from any subscription.
///
/// One that comes from ``ParlorClient/api`` always has that client's token, so that what renews the one
/// renews the other.
///
/// It keeps no connection; each call opens its own. A call whose task is cancelled throws
/// `CancellationError`, and may be carried out all the same.
public final class ParlorAPI: Sendable {
    private let native: ParlorNative.Api

    init(native: ParlorNative.Api) {
        self.native = native
    }

    /// Takes the server, such as `https://parlor.example.com`, and the token to call it with.
    ///
    /// What is redeemed is noted in `redemptionsFolder`, as by a ``ParlorClient``.
    ///
    /// - Throws: ``ServerURLError`` if the address cannot be a server's.
    public init(server: URL, token: String? = nil, redemptionsFolder: URL? = nil) throws {
        native = try translatingErrors {
            try ParlorNative.Api(
                server: server.absoluteString,
                token: token,
                redemptionsFolder: redemptionsFolder?.pathOfRedemptions
            )
        }
    }

    /// Gives a new token. Calls from now on are made with it; those under way are not.
    public func setToken(_ token: String) {
        native.setToken(token: token)
    }

    /// Asks for a room by its global id. Returns nothing if there is none, or it is not the token's
    /// to see.
    ///
    /// - Throws: ``QueryError``.
    public func room(id: String) async throws -> RoomDetails? {
        try await call { try await $0.room(id: id) }
    }

    /// Makes a room.
    ///
    /// - Throws: ``CommandError``.
    public func createRoom(_ room: NewRoom) async throws -> RoomSummary {
        try await call { try await $0.createRoom(new: room) }
    }

    /// Starts a live session.
    ///
    /// - Parameters:
    ///   - roomID: The room, by its global id.
    ///   - delayMs: The stream's delay, in milliseconds; the room's unless given.
    /// - Throws: ``CommandError``.
    public func startSession(roomID: String, delayMs: UInt32? = nil) async throws -> Session {
        try await call { try await $0.startSession(roomId: roomID, delayMs: delayMs) }
    }

    /// Tells that the live session's stream went away. If it does not come back within the room's
    /// grace, the session will have ended now.
    ///
    /// - Throws: ``CommandError``.
    public func interruptSession(roomID: String) async throws -> Session {
        try await call { try await $0.interruptSession(roomId: roomID) }
    }

    /// Tells that the stream is back.
    ///
    /// - Throws: ``CommandError``.
    public func resumeSession(roomID: String) async throws -> Session {
        try await call { try await $0.resumeSession(roomId: roomID) }
    }

    /// Ends the live session; one that is interrupted ended when it was interrupted.
    ///
    /// - Throws: ``CommandError``.
    public func endSession(roomID: String) async throws -> Session {
        try await call { try await $0.endSession(roomId: roomID) }
    }

    /// Reports a contribution. Safe to repeat with the same idempotency key: it counts once, and the
    /// first answer comes again.
    ///
    /// - Throws: ``CommandError``.
    public func recordContribution(_ report: ContributionReport) async throws -> Contribution {
        try await call { try await $0.recordContribution(report: report) }
    }

    func call<Answer: Sendable>(
        _ operation: @escaping @Sendable (ParlorNative.Api) async throws -> Answer
    ) async throws -> Answer {
        let native = self.native

        return try await abandonable {
            do {
                return try await operation(native)
            } catch {
                throw translated(error)
            }
        }
    }
}

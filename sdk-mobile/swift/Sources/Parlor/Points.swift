import Foundation
import ParlorNative

extension NewRedemption {
    /// A reward as it is shown, to be redeemed at the cost that is shown.
    public init(_ reward: Reward, inRoom roomID: String, input: String? = nil) {
        self.init(roomId: roomID, rewardId: reward.id, cost: reward.cost, input: input)
    }
}

/// What came of a redemption that had been asked for and not answered.
public struct SettledRedemption: Equatable, Sendable {
    /// What it was asked by.
    public let idempotencyKey: String
    /// The reward, by global id.
    public let rewardId: String
    /// What was said with it.
    public let input: String?
    /// Whether the server has answered. What it has not answered stays noted, and can be settled later.
    public let isAnswered: Bool
    /// The redemption; or why it was not redeemed, or why that is not known.
    public let result: Result<Redemption, CommandError>
}

/// Points: what there is to redeem, and redeeming, which happens once whatever becomes of the app.
extension ParlorAPI {
    /// Asks what a room sells, and how each stands to the caller now. Nothing if the room is not the token's to
    /// see. What is told late is refused in time: ask again when the wallet or the session has changed.
    ///
    /// - Throws: ``QueryError``.
    public func rewards(inRoom roomID: String) async throws -> [Reward] {
        try await call { try await $0.rewards(roomId: roomID) }
    }

    /// Asks for a redemption by its global id, as it is now. Returns nothing if there is none, or it is not the
    /// token's to see.
    ///
    /// - Throws: ``QueryError``.
    public func redemption(id: String) async throws -> Redemption? {
        try await call { try await $0.redemption(id: id) }
    }

    /// Redeems a reward for the caller.
    ///
    /// It is noted before it is asked for, and until it is answered. Where the answer is lost it is asked for again
    /// by the same key, four times; after ``CommandError/unreachable(reason:)`` and
    /// ``CommandError/faulty(reason:)``, and after a `forbidden` that follows a lost answer, it may have been redeemed
    /// all the same. Then
    /// ``settleRedemptions(inRoom:)`` asks again, and so does redeeming the same reward with the same input within
    /// ten minutes: that is the same redemption, at the cost at which it was asked for first.
    ///
    /// - Throws: ``CommandError``; `forbidden` with `NOT_JOINED` of whoever never joined the room, and with
    ///   `VIEWER_CHANGED` if somebody else is signed in by now; `conflict` with `NOT_NOTED` if it could not be
    ///   noted, and so was not asked for.
    @discardableResult
    public func redeem(_ redemption: NewRedemption) async throws -> Redemption {
        try await call { try await $0.redeem(redemption: redemption) }
    }

    /// Asks again for what the caller has asked to redeem in a room within ten minutes, and was not told of, and
    /// returns what came of each, the oldest first. Call it when the app starts, and when it is online again.
    ///
    /// - Throws: ``CommandError`` if it cannot be asked who the caller is.
    @discardableResult
    public func settleRedemptions(inRoom roomID: String) async throws -> [SettledRedemption] {
        let settled = try await call { try await $0.settleRedemptions(roomId: roomID) }

        return settled.map(SettledRedemption.init)
    }
}

extension SettledRedemption {
    fileprivate init(_ native: ParlorNative.SettledRedemption) {
        idempotencyKey = native.idempotencyKey
        rewardId = native.rewardId
        input = native.input
        isAnswered = native.isAnswered
        result =
            if let redemption = native.redemption {
                .success(redemption)
            } else {
                .failure(
                    native.error.map(CommandError.init)
                        ?? .faulty(reason: "there is neither a redemption nor a reason")
                )
            }
    }
}

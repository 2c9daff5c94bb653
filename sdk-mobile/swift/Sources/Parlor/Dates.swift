import Foundation

extension Date {
    init(unixMillis: Int64) {
        self.init(timeIntervalSince1970: TimeInterval(unixMillis) / 1_000)
    }

    /// Times that are not representable end up at the ends of the range.
    var unixMillis: Int64 {
        let millis = (timeIntervalSince1970 * 1_000).rounded()

        return Int64(exactly: millis) ?? (millis < 0 ? .min : .max)
    }
}

extension RoomEvent {
    /// When it happened.
    public var occurredAt: Date { Date(unixMillis: occurredAtUnixMillis) }

    /// When it happened, plus the stream's delay at that time.
    public var displayAt: Date { Date(unixMillis: displayAtUnixMillis) }
}

extension Session {
    /// When it began.
    public var startedAt: Date { Date(unixMillis: startedAtUnixMillis) }

    /// Since when the stream is away, if it is.
    public var interruptedAt: Date? { interruptedAtUnixMillis.map(Date.init(unixMillis:)) }

    /// When it ended; nothing while it is live.
    public var endedAt: Date? { endedAtUnixMillis.map(Date.init(unixMillis:)) }
}

extension ParticipantProfile {
    /// When they last joined.
    public var joinedAt: Date { Date(unixMillis: joinedAtUnixMillis) }
}

extension Participant {
    /// When they last joined.
    public var joinedAt: Date { Date(unixMillis: joinedAtUnixMillis) }

    /// When they left.
    public var leftAt: Date? { leftAtUnixMillis.map(Date.init(unixMillis:)) }
}

extension CapabilityTerms {
    /// When it ends by itself.
    public var expiresAt: Date? { expiresAtUnixMillis.map(Date.init(unixMillis:)) }
}

extension AuditEntry {
    /// When.
    public var at: Date { Date(unixMillis: atUnixMillis) }

    /// When what was granted or denied ends by itself.
    public var expiresAt: Date? { expiresAtUnixMillis.map(Date.init(unixMillis:)) }
}

extension NewCapabilityTerms {
    /// A grant or a denial of `capability`, to end by itself at `expiresAt` if that is given.
    public init(_ capability: Capability, until expiresAt: Date? = nil, reason: String? = nil) {
        self.init(
            capability: capability,
            expiresAtUnixMillis: expiresAt?.unixMillis,
            reason: reason
        )
    }
}

extension Redemption {
    /// When it was redeemed.
    public var redeemedAt: Date { Date(unixMillis: redeemedAtUnixMillis) }

    /// When it was fulfilled or canceled, or expired.
    public var settledAt: Date? { settledAtUnixMillis.map(Date.init(unixMillis:)) }

    /// When it expires, or would have, if nobody sees to it.
    public var expiresAt: Date? { expiresAtUnixMillis.map(Date.init(unixMillis:)) }
}

extension RewardStanding {
    /// Until when the reward cools down for the caller.
    public var cooldownEndsAt: Date? { cooldownEndsAtUnixMillis.map(Date.init(unixMillis:)) }
}

extension DecidedMinute {
    /// When it began.
    public var minute: Date { Date(unixMillis: minuteUnixMillis) }
}

extension HypeTrain {
    /// When it began to gather.
    public var startedAt: Date { Date(unixMillis: startedAtUnixMillis) }

    /// When it ends if nothing more comes. Count down to it from ``ParlorClient/pictureTime``.
    public var expiresAt: Date { Date(unixMillis: expiresAtUnixMillis) }

    /// When it ended.
    public var endedAt: Date? { endedAtUnixMillis.map(Date.init(unixMillis:)) }

    /// Until when no other train starts.
    public var cooldownEndsAt: Date? { cooldownEndsAtUnixMillis.map(Date.init(unixMillis:)) }
}

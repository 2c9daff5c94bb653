import Parlor
import XCTest

/// Alerts one at a time, of contributions on the real server.
final class AlertTests: XCTestCase {
    func testTooManyBecomeOneThatSaysHowMany() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        let alerts = try await client.queue()
        alerts.pause()
        for number in 1...8 {
            try await room.give(number)
        }
        try await client.hand(alerts, 8)
        XCTAssertNil(alerts.onStage())
        XCTAssertEqual(alerts.backlog(), 8)

        alerts.resume()
        guard case .burst(let count, let hype, let people, _, let names, let money, _) = alerts.onStage()?.alert
        else {
            return XCTFail("they are shown as one")
        }
        XCTAssertEqual([count, people, hype], [8, 8, 4_000])
        XCTAssertEqual(money, AlertMoney(amount: 8 * 500, currency: "EUR"))
        XCTAssertEqual(names.first, "Viewer 1")
        XCTAssertEqual(alerts.stats().shown + alerts.backlog(), 8)
    }

    func testWhatMattersMoreGoesFirstAndWhatIsSkippedLeaves() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        let alerts = try await client.queue()
        alerts.pause()
        for number in 1...3 {
            try await room.give(number)
        }
        try await client.hand(alerts, 3) { $0 == "Viewer 3" ? 1 : 0 }
        alerts.resume()

        let names = try await within {
            var names: [String?] = []
            while let onStage = await alerts.nextOnStage() {
                guard case .single(let contribution) = onStage.alert else {
                    throw Unexpected(alert: onStage.alert)
                }
                names.append(contribution.name)
                XCTAssertTrue(alerts.skip())
            }
            return names
        }
        XCTAssertEqual(names, ["Viewer 3", "Viewer 1", "Viewer 2"])
    }

    func testWhileThePictureStandsSoDoesTheAlert() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow(placement: .player)
        // A little ahead of what is being filmed, so that everything is due at once.
        client.setPlayhead(Date(timeIntervalSinceNow: 30), isPlaying: false)
        let alerts = try await client.queue()
        try await within {
            let byPlayhead: [SyncSource] = [.playhead, .playheadLost]
            while !byPlayhead.contains(client.syncSource) || client.pictureTime == nil {
                await Task.yield()
            }
        }
        try await room.give(1)
        try await client.hand(alerts, 1)
        let age = try XCTUnwrap(alerts.onStage()).ageMs
        // Two answers of the server take their time.
        for number in 2...3 {
            try await room.give(number)
        }

        XCTAssertEqual(alerts.onStage()?.ageMs, age)
    }

    private struct Unexpected: Error {
        let alert: Alert
    }
}

extension ParlorClient {
    /// A queue, once the room is there.
    fileprivate func queue() async throws -> AlertQueue {
        _ = try await nextDelivery()

        return alerts()
    }

    /// Hands over what comes until so many contributions were among it.
    fileprivate func hand(
        _ alerts: AlertQueue,
        _ count: Int,
        priority: (String?) -> Int32 = { _ in 0 }
    ) async throws {
        var left = count
        while left > 0 {
            let delivery = try await nextDelivery()
            if case .event(let event, _) = delivery,
                case .contributionReceived(let contribution) = event.kind
            {
                alerts.take(delivery: delivery, priority: priority(contribution.name))
                left -= 1
            } else {
                alerts.take(delivery: delivery)
            }
        }
    }
}

extension AlertQueue {
    /// What comes on stage next; nothing if nothing waits and nothing is there.
    fileprivate func nextOnStage() async -> AlertOnStage? {
        while nextChangeInMs() != nil {
            if let onStage = onStage(), onStage.ageMs < onStage.stayMs {
                return onStage
            }
            await Task.yield()
        }

        return nil
    }
}

import Parlor
import XCTest

/// An app that goes to the background, loses its network and comes back.
final class LifecycleTests: XCTestCase {
    func testAPausedAppMissesNothing() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        var given = [try await room.give(1)]
        var events = try await client.events { gifts($0).count == 1 }

        client.pause()
        _ = try await client.state { $0 == .paused }
        for number in 2...4 {
            given.append(try await room.give(number))
        }
        XCTAssertEqual(client.connectionState, .paused)
        client.resume()
        events += try await client.events { totals($0).last == 4 * 500 }

        XCTAssertEqual(gifts(events), given)
        let seqs = events.map(\.seq)
        XCTAssertEqual(seqs, Array(seqs[0]..<seqs[0] + Int64(seqs.count)))
        XCTAssertEqual(client.stats.duplicates, 0)
    }

    func testWithoutANetworkNothingIsTriedUntilThereIsOne() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        client.networkChanged(online: false)
        try await room.server.kill()
        _ = try await client.state { $0 == .waitingForNetwork }
        try await room.server.launch()
        let given = try await room.give(1)
        XCTAssertEqual(client.connectionState, .waitingForNetwork)
        client.networkChanged(online: true)

        let events = try await client.events { gifts($0).count == 1 }
        XCTAssertEqual(gifts(events), [given])
    }

    func testAReconnectGoesOnByPosition() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        _ = try await client.state(where: isLive)
        client.reconnect()
        _ = try await client.state { !isLive($0) }
        _ = try await client.state(where: isLive)
        let given = try await room.give(1)

        let events = try await client.events { $0.count == 1 }
        XCTAssertEqual(gifts(events), [given])
    }
}

private func isLive(_ state: ConnectionState) -> Bool {
    if case .live = state { true } else { false }
}

import Foundation
import Parlor
import XCTest

/// A room on the real server, followed while the server is killed and started again.
final class FollowingTests: XCTestCase {
    func testAKilledServerCostsNothingAndRepeatsNothing() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        guard case .stateReplaced(let first) = try await client.nextDelivery() else {
            return XCTFail("the state comes first")
        }
        XCTAssertEqual(first.profile?.title, "A room")

        var given: [String] = []
        for number in 1...4 {
            given.append(try await room.give(number))
        }
        var events = try await client.events { totals($0).last == 4 * 500 }
        try await room.server.kill()
        _ = try await client.state { if case .waiting = $0 { true } else { false } }
        try await room.server.launch()
        for number in 5...8 {
            given.append(try await room.give(number))
        }
        events += try await client.events { totals($0).last == 8 * 500 }

        XCTAssertEqual(gifts(events), given)
        let seqs = events.map(\.seq)
        XCTAssertEqual(seqs, Array(seqs[0]..<seqs[0] + Int64(seqs.count)))
        XCTAssertEqual(totals(events), totals(events).sorted())
        let details = try await within { try await room.api.room(id: room.id) }
        XCTAssertEqual(details?.train?.total, 8 * 500)
        XCTAssertGreaterThanOrEqual(client.stats.disconnects, 1)
    }

    func testTrainEventsComeInOrder() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        for number in 1...3 {
            try await room.give(number)
        }
        let events = try await client.events { $0.count == 6 }

        let changes = events.compactMap { event -> HypeTrainChange? in
            guard case .hypeTrainChanged(let change, _) = event.kind else { return nil }
            return change
        }
        XCTAssertEqual(changes, [.approached, .started, .leveledUp])
    }

    func testTwoClientsFollowTwoRooms() async throws {
        let room = try await OpenRoom.make(for: self)
        let other = try await room.another(slug: "room-2")
        let clients = [try await room.follow(), try await other.follow()]
        for client in clients {
            _ = try await client.nextDelivery()
        }
        let given = [try await room.give(1), try await other.give(2)]

        for (client, contribution) in zip(clients, given) {
            let events = try await client.events { $0.count == 1 }
            XCTAssertEqual(gifts(events), [contribution])
        }
    }

    func testAPlayerIsShownWhatItsPictureHasReached() async throws {
        let room = try await OpenRoom.make(for: self)
        let player = try await room.follow(placement: .player)
        player.setPlayhead(Date(timeIntervalSinceNow: -60), isPlaying: false)
        let companion = try await room.follow()
        for client in [player, companion] {
            _ = try await client.nextDelivery()
        }
        let given = try await room.give(1)
        let happened = try await companion.events { gifts($0) == [given] }

        XCTAssertEqual(player.stats.shown, 0)
        let reached = happened[0].occurredAt.addingTimeInterval(2)
        player.noteSeek()
        player.setPlayhead(reached, isPlaying: false)
        let shown = try await player.events { gifts($0).count == 1 }

        XCTAssertEqual(gifts(shown), [given])
        XCTAssertEqual(player.pictureTime, reached)
    }

    func testAnUnknownRoomEndsIt() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try ParlorClient(
            server: await room.server.url,
            roomID: "Um9vbTowMWEyMDUxMS0wNTI3LTcxMzktYTBkNC01MDNlNWZkMjI3OGQ=",
            placement: .companion
        )

        let deliveries = try await within { await client.deliveries.reduce(into: 0) { n, _ in n += 1 } }
        XCTAssertEqual(deliveries, 0)
        XCTAssertEqual(client.connectionState, .refused(failure: .roomNotFound))
    }
}

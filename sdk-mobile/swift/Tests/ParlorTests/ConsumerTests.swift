import Parlor
import XCTest

#if canImport(Observation)
    import Observation
#endif

/// Several who follow one client: each has all of it.
final class ConsumerTests: XCTestCase {
    func testEveryLoopGetsAllOfItAndALaterOneBeginsWithTheRoom() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        let all: @Sendable ([RoomEvent]) -> Bool = { totals($0).last == 4 * 500 }
        let early = [Started(client, until: all), Started(client, until: all)]
        for loop in early {
            try await within { await loop.hasBegun() }
        }
        var given: [String] = []
        for number in 1...2 {
            given.append(try await room.give(number))
        }
        try await within { for await room in client.rooms where room.train?.total == 2 * 500 { return } }
        let later = Started(client, until: all)
        try await within { await later.hasBegun() }
        for number in 3...4 {
            given.append(try await room.give(number))
        }

        for loop in early {
            let (_, events) = try await within { await loop.result.value }
            XCTAssertEqual(gifts(events), given)
        }
        let (first, events) = try await within { await later.result.value }
        XCTAssertEqual(first?.train?.total, 2 * 500)
        XCTAssertEqual(gifts(events), Array(given.dropFirst(2)))
    }

    func testACancelledLoopLeavesTheOthersAlone() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        let staying = Started(client) { $0.count == 1 }
        let leaving = Started(client) { _ in false }
        for loop in [staying, leaving] {
            try await within { await loop.hasBegun() }
        }
        leaving.result.cancel()
        let (_, none) = try await within { await leaving.result.value }
        let given = try await room.give(1)
        let (_, events) = try await within { await staying.result.value }

        XCTAssertEqual(none, [])
        XCTAssertEqual(gifts(events), [given])
    }

    func testEachFollowerOfTheConnectionIsToldWhereItStandsAndOfEachChange() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        let followers = [1, 2].map { _ in
            Task { await client.connectionStates.first { $0 == .paused } }
        }
        client.pause()

        for follower in followers {
            let state = try await within { await follower.value }
            XCTAssertEqual(state, .paused)
        }
    }

    func testTheRoomIsNeverBehindWhatWasDelivered() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        for number in 1...3 {
            try await room.give(number)
        }
        let behind = try await within {
            var behind = 0
            for await delivery in client.deliveries {
                guard case .event(let event, _) = delivery,
                    case .hypeTrainChanged(_, let train) = event.kind
                else { continue }
                if client.room.train?.total ?? 0 < train.total { behind += 1 }
                if train.total == 3 * 500 { break }
            }
            return behind
        }
        XCTAssertEqual(behind, 0)
    }

    #if canImport(Observation)
        func testARoomIsObservedForAsLongAsItIsHeld() async throws {
            guard #available(macOS 14, iOS 17, *) else { return }
            let room = try await OpenRoom.make(for: self)
            let client = try await room.follow()
            try await room.give(1)

            let (title, isGone) = try await within { await observe(client, untilTotal: 500) }
            XCTAssertEqual(title, "A room")
            XCTAssertTrue(isGone)
        }
    #endif
}

#if canImport(Observation)
    /// Observes the client's room until its train has `total`, and lets it go. Returns the room's title, and
    /// whether nobody else holds what was observed.
    @available(iOS 17, macOS 14, *)
    @MainActor
    private func observe(_ client: ParlorClient, untilTotal total: Int64) async -> (String?, Bool) {
        var live: ObservableRoom? = ObservableRoom(client)
        while live?.room.train?.total != total {
            await withCheckedContinuation { changed in
                withObservationTracking {
                    _ = live?.room
                } onChange: {
                    changed.resume()
                }
            }
        }
        let title = live?.room.profile?.title
        weak var gone = live
        live = nil

        return (title, gone == nil)
    }
#endif

/// A loop over a client's deliveries: the first state, and the events until there are enough.
private struct Started: Sendable {
    let result: Task<(Room?, [RoomEvent]), Never>
    private let begun: AsyncStream<Void>

    init(_ client: ParlorClient, until enough: @escaping @Sendable ([RoomEvent]) -> Bool) {
        let (begun, continuation) = AsyncStream<Void>.makeStream()
        self.begun = begun
        result = Task {
            var first: Room?
            var events: [RoomEvent] = []
            for await delivery in client.deliveries {
                if case .stateReplaced(let room) = delivery, first == nil {
                    first = room
                    continuation.finish()
                }
                if case .event(let event, _) = delivery {
                    events.append(event)
                }
                if enough(events) { break }
            }
            return (first, events)
        }
    }

    /// Waits for the state that it begins with.
    func hasBegun() async {
        for await _ in begun {}
    }
}

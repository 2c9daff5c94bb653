import XCTest

@testable import Parlor

/// The ways to stop waiting: the client's end, the task's, and letting go.
final class EndingTests: XCTestCase {
    func testStoppingEndsEveryWait() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        let waiting = Task { await client.deliveries.first { _ in true } }
        let watching = Task { await client.connectionStates.first { $0 == .stopped } }
        client.stop()

        let delivery = try await within { await waiting.value }
        XCTAssertNil(delivery)
        let state = try await within { await watching.value }
        XCTAssertEqual(state, .stopped)
        let later = try await within { await client.deliveries.first { _ in true } }
        XCTAssertNil(later)
    }

    func testACancelledLoopEndsAndTakesNothingWithIt() async throws {
        let room = try await OpenRoom.make(for: self)
        let client = try await room.follow()
        _ = try await client.nextDelivery()
        let loop = Task { await client.deliveries.reduce(into: []) { $0.append($1) } }
        loop.cancel()
        let taken = try await within { await loop.value }
        let given = try await room.give(1)

        XCTAssertEqual(taken, [])
        let events = try await client.events { $0.count == 1 }
        XCTAssertEqual(gifts(events), [given])
    }

    func testACancelledQuestionIsNotWaitedFor() async throws {
        let room = try await OpenRoom.make(for: self)
        let question = Task { try await room.api.room(id: room.id) }
        question.cancel()

        let answer = try await within { await question.result }
        XCTAssertThrowsError(try answer.get()) { XCTAssertTrue($0 is CancellationError, "\($0)") }
    }

    func testAClientThatIsLetGoOfEnds() async throws {
        let room = try await OpenRoom.make(for: self)
        var client: ParlorClient? = try await room.follow()
        _ = try await client?.nextDelivery()
        let states = Consumer(try XCTUnwrap(client).native.connectionStates())
        client = nil

        try await within {
            while let state = await states.next(), state != .stopped {}
        }
    }
}

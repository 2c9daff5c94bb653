import XCTest

@testable import Parlor

/// Several tasks that wait for the same calls, and go away before they are answered.
final class PullTests: XCTestCase {
    func testNothingIsPulledAheadOfDemandAndOnlyOneCallAtATime() async throws {
        let source = Source()
        let pull = Pull { await source.take() }
        let waiting = [Task { await pull.next() }, Task { await pull.next() }]
        await source.answer(1)
        await source.answer(2)
        var came: Set<Int?> = []
        for task in waiting {
            came.insert(try await within { await task.value })
        }

        XCTAssertEqual(came, [1, 2])
        let (calls, most) = await (source.calls, source.mostAtOnce)
        XCTAssertEqual(calls, 2)
        XCTAssertEqual(most, 1)
    }

    func testWhatACancelledWaitAskedForGoesToTheNext() async throws {
        let source = Source()
        let pull = Pull { await source.take() }
        let waiting = Task { await pull.next() }
        await source.called()
        waiting.cancel()
        let nothing = try await within { await waiting.value }
        await source.answer(7)
        let element = try await within { await pull.next() }

        XCTAssertNil(nothing)
        XCTAssertEqual(element, 7)
        let calls = await source.calls
        XCTAssertEqual(calls, 1)
    }

    func testATaskThatWasCancelledBeforeDoesNotWait() async throws {
        let source = Source()
        let pull = Pull { await source.take() }
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await pull.next()
        }
        task.cancel()

        let element = try await within { await task.value }
        XCTAssertNil(element)
        let calls = await source.calls
        XCTAssertEqual(calls, 0)
    }

    func testTheEndIsForEveryoneAndForGood() async throws {
        let source = Source()
        let pull = Pull { await source.take() }
        let waiting = [Task { await pull.next() }, Task { await pull.next() }]
        await source.answer(nil)
        for task in waiting {
            let element = try await within { await task.value }
            XCTAssertNil(element)
        }
        let later = try await within { await pull.next() }
        XCTAssertNil(later)
        let calls = await source.calls
        XCTAssertEqual(calls, 1)
    }

    func testWhatComesAfterTheEndIsDropped() async throws {
        let source = Source()
        let pull = Pull { await source.take() }
        let waiting = Task { await pull.next() }
        await source.called()
        pull.end()
        let nothing = try await within { await waiting.value }
        await source.answer(7)
        let later = try await within { await pull.next() }

        XCTAssertNil(nothing)
        XCTAssertNil(later)
    }
}

/// A call that is answered by the test, and cannot be cancelled.
private actor Source {
    private(set) var calls = 0
    private(set) var mostAtOnce = 0
    private var open: [CheckedContinuation<Int?, Never>] = []
    private var lookouts: [CheckedContinuation<Void, Never>] = []

    func take() async -> Int? {
        calls += 1
        return await withCheckedContinuation { continuation in
            open.append(continuation)
            mostAtOnce = max(mostAtOnce, open.count)
            lookouts.forEach { $0.resume() }
            lookouts = []
        }
    }

    /// Waits until a call is open.
    func called() async {
        while open.isEmpty {
            await withCheckedContinuation { lookouts.append($0) }
        }
    }

    /// Answers the call that is open, or else the next.
    func answer(_ element: Int?) async {
        await called()
        open.removeFirst().resume(returning: element)
    }
}

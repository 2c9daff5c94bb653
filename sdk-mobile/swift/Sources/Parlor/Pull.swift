import Foundation

/// Lets tasks wait for the next of something that is pulled from a call that knows nothing of task
/// cancellation.
///
/// A pull that has begun is carried to its end, whoever has gone away meanwhile: what it brings goes
/// to the next task that waits, so that a cancelled wait takes nothing with it. Nothing is pulled
/// ahead of demand: the library below relies on that to hold the server back.
final class Pull<Element: Sendable>: @unchecked Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Element?, Never>
    }

    private let take: @Sendable () async -> Element?

    /// Guards everything below. Never held while a continuation is resumed.
    private let lock = NSLock()
    private var waiters: [Waiter] = []
    private var lastID: UInt64 = 0
    private var isPulling = false
    /// What came when nobody waited any more.
    private var kept: Element?
    private var hasEnded = false

    /// Pulls by `take`, one call at a time, until it returns nothing.
    init(_ take: @escaping @Sendable () async -> Element?) {
        self.take = take
    }

    /// Waits for the next element. Returns nothing at the end, or if the task is cancelled.
    func next() async -> Element? {
        let id = lock.withLock {
            lastID += 1
            return lastID
        }

        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                wait(Waiter(id: id, continuation: continuation))
            }
        } onCancel: {
            leave(id)
        }
    }

    /// Ends it for all who wait, and for good.
    func end() {
        let left = lock.withLock {
            hasEnded = true
            kept = nil
            defer { waiters = [] }
            return waiters
        }
        for waiter in left {
            waiter.continuation.resume(returning: nil)
        }
    }

    private func wait(_ waiter: Waiter) {
        let answer: Element?? = lock.withLock {
            // A task that is cancelled later finds the waiter; one that was cancelled before is
            // known by now.
            if hasEnded || Task.isCancelled {
                return .some(nil)
            }
            if let element = kept {
                kept = nil
                return .some(element)
            }
            waiters.append(waiter)
            pullIfWanted()
            return .none
        }
        if let element = answer {
            waiter.continuation.resume(returning: element)
        }
    }

    private func leave(_ id: UInt64) {
        let waiter = lock.withLock {
            waiters.firstIndex { $0.id == id }.map { waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: nil)
    }

    /// To be called with the lock held.
    private func pullIfWanted() {
        guard !isPulling, !waiters.isEmpty else { return }
        isPulling = true
        Task.detached { [self] in
            arrived(await take())
        }
    }

    private func arrived(_ element: Element?) {
        guard let element else {
            return end()
        }
        let waiter: Waiter? = lock.withLock {
            isPulling = false
            guard !waiters.isEmpty else {
                kept = hasEnded ? nil : element
                return nil
            }
            let first = waiters.removeFirst()
            pullIfWanted()
            return first
        }
        waiter?.continuation.resume(returning: element)
    }
}

/// Waits for `operation`, which knows nothing of task cancellation. A task that is cancelled leaves
/// it to itself, and gets a `CancellationError`.
func abandonable<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let (outcome, continuation) = AsyncThrowingStream<Value, Error>.makeStream()
    Task.detached {
        do {
            continuation.yield(try await operation())
            continuation.finish()
        } catch {
            continuation.finish(throwing: error)
        }
    }
    for try await value in outcome {
        return value
    }

    throw CancellationError()
}

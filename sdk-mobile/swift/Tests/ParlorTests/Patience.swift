import Foundation

@testable import Parlor

/// How long a test waits for anything before it fails, in seconds.
private let patience: UInt64 = 60

/// What was waited for did not come.
struct RanOutOfPatience: Error {}

/// Waits, though not for ever: also not for what ignores that its task was cancelled.
func within<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await abandonable(operation) }
        group.addTask {
            try await Task.sleep(nanoseconds: patience * 1_000_000_000)
            throw RanOutOfPatience()
        }
        defer { group.cancelAll() }

        return try await group.next()!
    }
}

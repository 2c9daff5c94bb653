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

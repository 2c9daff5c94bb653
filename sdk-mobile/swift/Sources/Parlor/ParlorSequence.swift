/// What a ``ParlorClient`` hands out, one after another.
///
/// Each loop is a consumer of its own and has all of it, as many as there are. A loop keeps its client alive,
/// and ends when the client does or when its task is cancelled.
public struct ParlorSequence<Element: Sendable>: AsyncSequence, Sendable {
    /// Whom the elements come from: it must live for as long as somebody waits.
    let client: ParlorClient
    let consume: @Sendable () -> Consumer<Element>

    /// Waits for the elements in turn.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let client: ParlorClient
        let consumer: Consumer<Element>

        /// Waits for the next element. Returns nothing at the end, or if the task is cancelled.
        public func next() async -> Element? {
            await consumer.next()
        }
    }

    /// Makes an iterator.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(client: client, consumer: consume())
    }
}

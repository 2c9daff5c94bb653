/// What a ``ParlorClient`` hands out, one after another.
///
/// Each element is handed out once: iterate in one place, or several share the elements among them.
/// A loop keeps its client alive, and ends when the client does or when its task is cancelled; a
/// cancelled loop loses nothing, the next one goes on where it was.
public struct ParlorSequence<Element: Sendable>: AsyncSequence, Sendable {
    let pull: Pull<Element>
    /// Whom the elements come from: it must live for as long as somebody waits.
    let client: ParlorClient

    /// Waits for the elements in turn.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let sequence: ParlorSequence

        /// Waits for the next element. Returns nothing at the end, or if the task is cancelled.
        public func next() async -> Element? {
            await sequence.pull.next()
        }
    }

    /// Makes an iterator, which goes on where the last one was.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(sequence: self)
    }
}

import ParlorNative

/// One consumer of something that comes out of a client.
///
/// Waiting and taking are two calls, so that a wait that is cancelled takes nothing with it.
struct Consumer<Element: Sendable>: Sendable {
    let wait: @Sendable () async -> Bool
    let take: @Sendable () -> Element?
    let leave: @Sendable () -> Void

    /// Waits for the next element. Returns nothing at the end, or if the task is cancelled, which ends it.
    func next() async -> Element? {
        await withTaskCancellationHandler {
            while await wait() {
                if let element = take() {
                    return element
                }
            }
            return nil
        } onCancel: {
            leave()
        }
    }
}

extension Consumer<Delivery> {
    init(_ native: ParlorNative.Deliveries) {
        self.init(wait: native.wait, take: native.take, leave: native.leave)
    }
}

extension Consumer<ConnectionState> {
    init(_ native: ParlorNative.ConnectionStates) {
        self.init(wait: native.wait, take: native.take, leave: native.leave)
    }
}

extension Consumer<Wallet?> {
    init(_ native: ParlorNative.Wallets) {
        self.init(wait: native.wait, take: { native.take().map(\.wallet) }, leave: native.leave)
    }
}

extension Consumer<Room> {
    init(following native: ParlorNative.Rooms) {
        native.follow(isFollowing: true)
        self.init(wait: native.wait, take: native.take, leave: native.leave)
    }
}

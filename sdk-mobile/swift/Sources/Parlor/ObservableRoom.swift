#if canImport(Observation)
    import Observation

    /// A room that views observe: its state in step with the picture, and where the connection stands.
    ///
    /// ```swift
    /// struct TrainBar: View {
    ///     let live: ObservableRoom
    ///
    ///     var body: some View {
    ///         if let train = live.room.train { Text("Level \(train.level)") }
    ///     }
    /// }
    /// ```
    ///
    /// It follows the client for as long as somebody holds it. Beside it, iterate ``ParlorClient/deliveries``
    /// for what is shown once.
    @available(iOS 17, macOS 14, tvOS 17, watchOS 10, *)
    @MainActor
    @Observable
    public final class ObservableRoom {
        /// The room as the viewer should see it.
        public private(set) var room: Room
        /// Where the connection stands.
        public private(set) var connectionState: ConnectionState
        /// Whom this follows.
        @ObservationIgnored public let client: ParlorClient
        @ObservationIgnored private var following: [Task<Void, Never>] = []

        /// Follows the room of a client.
        public init(_ client: ParlorClient) {
            self.client = client
            room = client.room
            connectionState = client.connectionState
            let (rooms, states) = (client.rooms, client.connectionStates)
            following = [
                Task { [weak self] in
                    for await room in rooms { self?.room = room }
                },
                Task { [weak self] in
                    for await state in states { self?.connectionState = state }
                },
            ]
        }

        deinit {
            for task in following { task.cancel() }
        }
    }
#endif

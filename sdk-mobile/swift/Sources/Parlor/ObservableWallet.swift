#if canImport(Observation)
    import Observation

    /// A wallet that views observe: what the viewer has in the room.
    ///
    /// ```swift
    /// struct Points: View {
    ///     let own: ObservableWallet
    ///
    ///     var body: some View {
    ///         if let wallet = own.wallet { Text("\(wallet.available) points") }
    ///     }
    /// }
    /// ```
    ///
    /// It follows the client for as long as somebody holds it.
    @available(iOS 17, macOS 14, tvOS 17, watchOS 10, *)
    @MainActor
    @Observable
    public final class ObservableWallet {
        /// What the viewer has, as ``ParlorClient/wallets`` tells it.
        public private(set) var wallet: Wallet?
        /// Whom this follows.
        @ObservationIgnored public let client: ParlorClient
        @ObservationIgnored private var following: Task<Void, Never>?

        /// Follows the wallet of a client's viewer.
        public init(_ client: ParlorClient) {
            self.client = client
            let wallets = client.wallets
            following = Task { [weak self] in
                for await wallet in wallets { self?.wallet = wallet }
            }
        }

        deinit {
            following?.cancel()
        }
    }
#endif

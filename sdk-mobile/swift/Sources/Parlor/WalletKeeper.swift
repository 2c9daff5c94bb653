import Foundation
import ParlorNative

/// Keeps what the viewer has, from when it is first looked at.
final class WalletKeeper: @unchecked Sendable {
    private let client: ParlorNative.Client
    /// Guards what follows, and that what is taken first is kept first.
    private let lock = NSLock()
    private var native: ParlorNative.Wallets?
    private var latest: Wallet?

    init(_ client: ParlorNative.Client) {
        self.client = client
    }

    /// The wallet as it is now.
    var wallet: Wallet? {
        lock.withLock {
            let native = self.native ?? client.wallets()
            self.native = native
            if let now = native.take() {
                latest = now.wallet
            }
            return latest
        }
    }
}

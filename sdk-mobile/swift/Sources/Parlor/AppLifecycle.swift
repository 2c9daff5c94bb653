#if canImport(UIKit) && !os(watchOS)
    import UIKit

    extension ParlorClient {
        /// Pauses while the app is in the background, where its sockets die anyway, and goes on where
        /// it stopped when the app comes back.
        ///
        /// Runs until its task is cancelled:
        ///
        /// ```swift
        /// .task { await client.followAppLifecycle() }
        /// ```
        @available(iOSApplicationExtension, unavailable)
        @MainActor
        public func followAppLifecycle() async {
            let center = NotificationCenter.default
            let (moves, continuation) = AsyncStream<Bool>.makeStream()
            let observers = [
                (UIApplication.didEnterBackgroundNotification, true),
                (UIApplication.willEnterForegroundNotification, false),
            ].map { name, isAway in
                center.addObserver(forName: name, object: nil, queue: .main) { _ in
                    continuation.yield(isAway)
                }
            }
            defer { observers.forEach { center.removeObserver($0) } }

            continuation.yield(UIApplication.shared.applicationState == .background)
            for await isAway in moves {
                isAway ? pause() : resume()
            }
        }
    }
#endif

#if canImport(Network)
    import Foundation
    import Network

    extension ParlorClient {
        /// Reports that the network went away, came back, or became another one, so that the client
        /// connects at once instead of waiting for a dead socket to be noticed.
        ///
        /// Runs until its task is cancelled:
        ///
        /// ```swift
        /// .task { await client.followNetwork() }
        /// ```
        public func followNetwork() async {
            let (paths, continuation) = AsyncStream<NWPath>.makeStream()
            let monitor = NWPathMonitor()
            monitor.pathUpdateHandler = { continuation.yield($0) }
            monitor.start(queue: DispatchQueue(label: "parlor.network"))
            defer { monitor.cancel() }

            var last: NWPath?
            for await path in paths {
                // The first one is what there was when the client connected, and some later ones are
                // of things that leave a socket as it is.
                let isNews = last.map { !path.carriesTheSameSockets(as: $0) }
                if isNews ?? (path.status != .satisfied) {
                    networkChanged(online: path.status == .satisfied)
                }
                last = path
            }
        }
    }

    extension NWPath {
        /// A socket lives as long as the interface that it was opened on.
        fileprivate func carriesTheSameSockets(as other: NWPath) -> Bool {
            status == other.status && availableInterfaces.first == other.availableInterfaces.first
        }
    }
#endif

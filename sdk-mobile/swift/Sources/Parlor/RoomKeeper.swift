import Foundation
import ParlorNative

/// Keeps the room, so that it is copied out of the library once for each change, however often it is read.
final class RoomKeeper: @unchecked Sendable {
    private let native: ParlorNative.Rooms
    /// Guards `latest`, and that what is taken first is kept first.
    private let lock = NSLock()
    private var latest: Room?

    init(_ native: ParlorNative.Rooms) {
        self.native = native
    }

    /// The room as it is now.
    var room: Room {
        lock.withLock {
            if let room = native.take() {
                latest = room
            }
            guard let latest else {
                preconditionFailure("the first room is there at once")
            }
            return latest
        }
    }
}

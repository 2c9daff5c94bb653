import SwiftUI

/// A stream with its hype train over it.
@main
struct HypeTrainApp: App {
    /// Where your stream and your room are.
    private let stream = URL(string: "https://live.example.com/main/index.m3u8")!
    private let server = URL(string: "https://parlor.example.com")!
    private let roomID = "ROOM_ID"

    var body: some Scene {
        WindowGroup {
            StreamView(stream: stream, server: server, roomID: roomID)
        }
    }
}

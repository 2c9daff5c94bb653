import AVKit
import Parlor
import SwiftUI

/// The player, and over it what the room shows.
struct StreamView: View {
    @StateObject private var room: RoomModel
    @State private var player: AVPlayer

    init(stream: URL, server: URL, roomID: String) {
        _player = State(initialValue: AVPlayer(url: stream))
        _room = StateObject(wrappedValue: RoomModel(server: server, roomID: roomID))
    }

    var body: some View {
        VideoPlayer(player: player)
            .ignoresSafeArea()
            .overlay(alignment: .bottom) {
                if let train = room.train {
                    HypeTrainBar(train: train, remaining: room.remaining)
                        .padding()
                        .transition(.move(edge: .bottom).combined(with: .opacity))
                }
            }
            .animation(.spring(), value: room.train)
            .onAppear { player.play() }
            .onDisappear { player.pause() }
            .task { await room.follow() }
            .task { await room.followPlayhead(of: player) }
            .task { await room.client?.followAppLifecycle() }
            .task { await room.client?.followNetwork() }
    }
}

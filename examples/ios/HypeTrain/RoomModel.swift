import AVFoundation
import Combine
import Parlor

/// What the room shows, in step with the picture.
@MainActor
final class RoomModel: ObservableObject {
    @Published private(set) var train: HypeTrain?
    /// Until the train ends, by the picture's own time, which stands still when the picture does.
    @Published private(set) var remaining: TimeInterval?

    let client: ParlorClient?

    /// How long a train that has ended stays on the screen, in seconds of the picture.
    private let lingering: TimeInterval = 5

    init(server: URL, roomID: String) {
        // A room that not everyone may read takes a `token` and a `tokenProvider` as well.
        client = try? ParlorClient(server: server, roomID: roomID, placement: .player)
    }

    /// Takes in what is due, until the view goes away.
    func follow() async {
        guard let client else { return }
        for await delivery in client.deliveries {
            switch delivery {
            case .event(let event, _):
                if case .hypeTrainChanged(_, let train) = event.kind {
                    show(train)
                }
            case .stateReplaced(let room):
                show(room.train)
            case .presenceChanged:
                break
            }
        }
    }

    /// Tells the room where the picture is: four times a second, and at every change of speed.
    func followPlayhead(of player: AVPlayer) async {
        let (moments, continuation) = AsyncStream<Void>.makeStream()
        let observer = player.addPeriodicTimeObserver(
            forInterval: CMTime(value: 1, timescale: 4), queue: .main
        ) { _ in continuation.yield() }
        let status = player.publisher(for: \.timeControlStatus).sink { _ in continuation.yield() }
        let seeks = NotificationCenter.default.publisher(for: AVPlayerItem.timeJumpedNotification)
            .sink { [weak self] _ in self?.client?.noteSeek() }
        defer {
            player.removeTimeObserver(observer)
            status.cancel()
            seeks.cancel()
        }

        for await _ in moments {
            report(player)
            tick()
        }
    }

    private func report(_ player: AVPlayer) {
        guard let date = player.currentItem?.currentDate() else {
            client?.losePlayhead()
            return
        }
        client?.setPlayhead(
            date,
            isPlaying: player.timeControlStatus == .playing,
            rate: Double(player.rate)
        )
    }

    /// A train at level 0 never set off.
    private func show(_ train: HypeTrain?) {
        self.train = train?.level == 0 ? nil : train
        tick()
    }

    private func tick() {
        guard let train, let now = client?.pictureTime else {
            remaining = nil
            return
        }
        remaining = max(train.expiresAt.timeIntervalSince(now), 0)
        if let endedAt = train.endedAt, now >= endedAt.addingTimeInterval(lingering) {
            self.train = nil
        }
    }
}

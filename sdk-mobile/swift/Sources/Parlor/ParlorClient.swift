import Foundation
import ParlorNative

/// A live subscription to one room.
///
/// It connects at once, and goes on trying for as long as the server cannot be reached. Iterate
/// ``deliveries`` and show what comes; each has its moment when it comes.
///
/// ```swift
/// let client = try ParlorClient(server: server, roomID: room, placement: .companion)
/// for await delivery in client.deliveries {
///     switch delivery {
///     case .event(let event, _): show(event)
///     case .stateReplaced(let room): draw(room)
///     case .presenceChanged(let count): show(count)
///     }
/// }
/// ```
///
/// End with ``stop()``, or by letting go of the client. All of it may be called from any task or
/// thread, and nothing blocks.
public final class ParlorClient: Sendable {
    let native: ParlorNative.Client
    private let keeper: RoomKeeper
    private let walletKeeper: WalletKeeper
    private let renewal: Task<Void, Never>?

    /// Starts to follow a room.
    ///
    /// - Parameters:
    ///   - server: The server, such as `https://parlor.example.com`.
    ///   - roomID: The room's global id.
    ///   - placement: Where what is shown will be seen, which decides when it is due.
    ///   - token: A JWT or an overlay token; nothing to read as anyone may.
    ///   - startAt: Starts from the picture at this place on the stream's timeline instead of at the
    ///     head. A playhead, once known, goes before it.
    ///   - reportsWatching: Whether the client tells the server what the viewer watches, in the placement
    ///     `.player`. That is what earns points, for a viewer who has joined the room.
    ///   - redemptionsFolder: A folder of the app's own, in which is noted what was asked to be redeemed until it
    ///     is answered, so that it is paid for once also where the app ends before it is. It is made if it is not
    ///     there, and excluded from backups. Unless given, that is known for as long as the process lives.
    ///   - tokenProvider: Gets another token when `token` is about to expire or refused, so that a
    ///     stream may outlast it.
    /// - Throws: ``ServerURLError`` if the address cannot be a server's. Nothing else fails here: the
    ///   network and the server's answer show in ``connectionStates``.
    public init(
        server: URL,
        roomID: String,
        placement: Placement,
        token: String? = nil,
        startAt: Date? = nil,
        reportsWatching: Bool = true,
        redemptionsFolder: URL? = nil,
        tokenProvider: TokenProvider? = nil
    ) throws {
        let config = ParlorNative.Config(
            server: server.absoluteString,
            roomId: roomID,
            placement: placement,
            token: token,
            startAtUnixMillis: startAt?.unixMillis,
            reportsWatching: reportsWatching,
            redemptionsFolder: redemptionsFolder?.pathOfRedemptions
        )
        let native = try translatingErrors { try ParlorNative.Client.connect(config: config) }

        self.native = native
        keeper = RoomKeeper(native.rooms())
        walletKeeper = WalletKeeper(native)
        renewal = tokenProvider.map { provider in
            Task.detached { await TokenRenewal(client: native, provider: provider).run() }
        }
    }

    deinit {
        stop()
    }

    /// What to show, each when it is due.
    ///
    /// Picture events come in order of `seq`, each once, across lost connections too. Every loop gets all of
    /// it; one that begins beside another starts with the room as it is, as `stateReplaced`. While there is no
    /// loop, deliveries are kept: the next one goes on where the last one was, once that has ended. A loop whose
    /// task is cancelled ends when it looks for the next element.
    ///
    /// Iterate without long breaks: with 64 deliveries waiting for one loop, or for the next, the client stops
    /// reading, and the server drops it as too slow. It comes back by itself once you go on, late and whole.
    ///
    /// Ends once the client has been stopped, or the server has refused it for good;
    /// ``connectionState`` says which.
    public var deliveries: ParlorSequence<Delivery> {
        ParlorSequence(client: self) { [native] in Consumer(native.deliveries()) }
    }

    /// Where the connection stands: the present state, then each other one. States that were passed
    /// through while nobody was looking are left out. Ends with the client.
    public var connectionStates: ParlorSequence<ConnectionState> {
        ParlorSequence(client: self) { [native] in Consumer(native.connectionStates()) }
    }

    /// Where the connection stands now.
    public var connectionState: ConnectionState {
        native.connectionState()
    }

    /// The room as the viewer should see it now: its people, the stage, the hype train. It is never behind what
    /// has been taken from ``deliveries``, and may be ahead, by what waits there. It is copied once for each
    /// change, not for each read.
    public var room: Room {
        keeper.room
    }

    /// The room as the viewer should see it: now, then whenever it has changed. States that were passed through
    /// while nobody was looking are left out.
    ///
    /// Who follows it alone, without a loop over ``deliveries``, is not held up by what waits there: it is given
    /// up once it is more than 64, and the next loop begins with the room as it is. Reading ``room`` now and then
    /// is not following it.
    public var rooms: ParlorSequence<Room> {
        ParlorSequence(client: self) { [native] in Consumer(following: native.rooms()) }
    }

    /// What the viewer has in the room now, as ``wallets`` tells it. The first look asks for it, and finds nothing
    /// yet.
    public var wallet: Wallet? {
        walletKeeper.wallet
    }

    /// What the viewer has in the room: now, then whenever it has changed. Their balance, their redemptions and
    /// what became of each, and of the minute that was decided last. Nothing until it is known, and for whoever has
    /// not joined the room or is nobody in particular; another viewer's token forgets it at once.
    ///
    /// The server is asked for it as long as there is a loop, and from the first look at ``wallet`` on.
    public var wallets: ParlorSequence<Wallet?> {
        ParlorSequence(client: self) { [native] in Consumer(native.wallets()) }
    }

    /// When that happened which the viewer's picture shows now. Count down to a train's `expiresAt`
    /// from here. Nothing as long as it is not known.
    public var pictureTime: Date? {
        native.pictureTimeUnixMillis().map(Date.init(unixMillis:))
    }

    /// How far the client's estimate of the server's time may be off, in seconds. Nothing as long as
    /// there is none.
    public var clockError: TimeInterval? {
        native.clockErrorMs().map { TimeInterval($0) / 1_000 }
    }

    /// What has been counted since the start, and with it everything that was given up.
    public var stats: Stats {
        native.stats()
    }

    /// What is known of what the viewer has watched: how it stands with each minute and, if one did not
    /// count, why. The client tells the server each half minute and on ``pause()``, and keeps what it could
    /// not tell while there was no network.
    public var watched: Watched {
        native.watched()
    }

    /// Tells the server now what the viewer has watched. Returns when it has answered, or could not be
    /// asked.
    public func reportWatched() async {
        await native.reportWatched()
    }

    /// An empty queue of alerts that moves with this client's picture: hand it each delivery that you take,
    /// and look at it with each frame.
    public func alerts(limits: AlertLimits = AlertLimits()) -> AlertQueue {
        native.alerts(limits: limits)
    }

    /// What to ask and command the client's server with, always by the client's token.
    public var api: ParlorAPI {
        ParlorAPI(native: native.api())
    }

    /// Reports where the player's picture is. Call on play, pause, stall, seek and rate change, and
    /// about every second.
    ///
    /// - Parameters:
    ///   - date: The program date-time of the picture shown, as `AVPlayerItem.currentDate()` tells
    ///     it. Nothing if the player cannot tell: the room is then shown by the stream's delay.
    ///   - isPlaying: Whether the picture moves. False while paused and while rebuffering.
    ///   - rate: How fast it moves when it does; 1 is normal speed.
    ///   - age: How many seconds ago the picture was there; negative for a frame yet to be seen.
    ///   - isFrame: Whether it is the date of the frame that is seen, rather than of the player's clock.
    ///
    /// Whatever a player says may be handed on: with a number that is none, the picture stands where it
    /// was until a better report comes.
    public func setPlayhead(
        _ date: Date?,
        isPlaying: Bool,
        rate: Double = 1,
        age: TimeInterval = 0,
        isFrame: Bool = false
    ) {
        guard let date else {
            return native.clearPlayhead()
        }
        native.reportPlayhead(
            reading: PlayheadReading(
                positionUnixMillis: date.timeIntervalSince1970 * 1_000,
                playing: isPlaying,
                speed: rate,
                ageMs: age * 1_000,
                isFrame: isFrame
            )
        )
    }

    /// Reports that the player does not say where it is, for now: an advertisement without dates, a
    /// stream that is loaded anew. The picture stands where it was until a report comes.
    public func losePlayhead() {
        native.losePlayhead()
    }

    /// What picture events are timed by now.
    public var syncSource: SyncSource {
        native.syncSource()
    }

    /// Tells that the viewer has sought: the picture goes where it is said to be next. A position that
    /// steps without this counts as a date that does, until it has stayed for 8 seconds.
    public func noteSeek() {
        native.noteSeek()
    }

    /// Gives a new token, at any time. A client that was refused for its token goes on; if the present
    /// one is about to expire, the client changes over without a gap. Calls of ``api`` use the new one
    /// from now on.
    public func setToken(_ token: String) {
        native.setToken(token: token)
    }

    /// Tells that the app goes to the background: the connection is closed, nothing is tried and
    /// nothing more is delivered, until ``resume()``.
    public func pause() {
        native.pause()
    }

    /// Tells that the app is back. The client connects at once and goes on where it stopped: with
    /// every event since, or, if those are too many, with the state as it is now.
    ///
    /// Report the playhead right afterwards: the picture is taken to have stood still meanwhile.
    public func resume() {
        native.resume()
    }

    /// Tells of the network: that there is none, so that nothing is tried, or that there is one again,
    /// or another. The connection is then presumed dead and replaced.
    public func networkChanged(online: Bool) {
        native.networkChanged(online: online)
    }

    /// Drops the connection and makes another one now, whatever is being waited for. Does nothing
    /// while paused, nor after a refusal that no token ends.
    public func reconnect() {
        native.reconnect()
    }

    /// Ends the subscription: whoever waits gets nothing, and so does everyone later. What was due
    /// and not taken is dropped.
    public func stop() {
        native.stop()
        renewal?.cancel()
    }
}

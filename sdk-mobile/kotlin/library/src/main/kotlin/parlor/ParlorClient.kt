package parlor

import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/**
 * A live subscription to one room, in step with the picture.
 *
 * Collect [deliveries] and show what comes. Lost connections mend themselves, from the position that
 * was reached; [connectionState] tells of them. The client is a child of the scope that it was
 * connected in, which waits for it to end: by [stop] or [close], by the scope's cancellation, or, once
 * the server has refused it for good, by the last delivery.
 */
class ParlorClient private constructor(
    private val native: NativeClient,
    parent: CoroutineScope,
    tokenProvider: TokenProvider?,
) : AutoCloseable {
    private val job = Job(parent.coroutineContext[Job])
    private val scope = CoroutineScope(parent.coroutineContext + job + Dispatchers.Default)
    private val state = MutableStateFlow(native.connectionState())
    private val states = native.connectionStates()
    private val roomKeeper = RoomKeeper(native.rooms(), scope)
    private val walletKeeper = WalletKeeper(scope) { ifOpen { wallets() } }

    /** Collectors of [deliveries] that have not seen the end. */
    private val collectors = AtomicInteger()
    private val hasEnded = AtomicBoolean()
    private val renewal = tokenProvider?.let(::TokenRenewal)

    /**
     * What to show, each when it is due. Completes once the client has been stopped, or the server has
     * refused it for good; [connectionState] says which.
     *
     * Every collector gets all of it. Whoever collects beside another begins with the room as it is, as a
     * [Delivery.StateReplaced]. While nobody collects, deliveries are kept: the next collector goes on behind
     * the last that was handed over, and a cancelled one takes none with it.
     *
     * Collect without long breaks: when 64 deliveries are waiting for one collector, or for the next, the client
     * stops reading, and the server will drop it as too slow. Once collected again, it comes back by itself
     * and goes on where it stopped.
     */
    val deliveries: Flow<Delivery> = handOver(::consume)

    /** What to ask and command the client's server with, always by the client's token. */
    val api: ParlorApi = ParlorApi(native.api())

    /** Where the connection stands. */
    val connectionState: StateFlow<ConnectionState> = state.asStateFlow()

    /** Why the token provider has no token yet; `null` if none is missing. */
    val tokenFailure: StateFlow<Exception?> = renewal?.failure ?: MutableStateFlow(null)

    /**
     * The room as the viewer should see it: its people, the stage, the hype train. It is never behind what has
     * been collected, and may be ahead, by what waits to be. Once the client has ended, it stays as it was, and
     * goes on being collected.
     *
     * It is copied once for each change, not for each read. Who collects it alone, while nobody collects
     * [deliveries], is not held up by what waits there: it is given up once it is more than 64, and the next
     * collector begins with the room as it is. A client of which nothing else is collected is to be stopped, also
     * one that the server has refused.
     */
    val room: StateFlow<Room>
        get() = roomKeeper.room

    /**
     * What the viewer has in the room: their balance, their redemptions and what became of each, and of the
     * minute that was decided last. `null` until it is known, and for whoever has not joined the room or is nobody
     * in particular; [setToken] with another viewer's token forgets it at once. Once the client has ended, it stays
     * as it was.
     *
     * The server is asked for it from the first time that this is read.
     */
    val wallet: StateFlow<Wallet?>
        get() = walletKeeper.wallet

    /**
     * When that happened which the viewer's picture shows now, in Unix milliseconds. Count down to a
     * train's `expiresAtUnixMillis` from here. `null` as long as it is not known.
     */
    val pictureTimeUnixMillis: Long?
        get() = ifOpen { pictureTimeUnixMillis() }

    /** How far the client's estimate of the server's time may be off. `null` as long as there is none. */
    val clockErrorMs: Long?
        get() = ifOpen { clockErrorMs() }

    // Undispatched, so that the native client is stopped even if the scope is over already.
    private val stateKeeper = scope.launch(start = CoroutineStart.UNDISPATCHED) { keepState() }

    init {
        renewal?.let { scope.launch { it.run(native::nextTokenRequest, ::setToken) } }
        job.invokeOnCompletion { native.close() }
    }

    /**
     * Reports where the player's picture is. Call on play, pause, stall, seek and speed change, and
     * about every second.
     *
     * @param positionUnixMillis the program date-time of the picture shown
     * Whatever a player says may be handed on: with a number that is none, the picture stands where it
     * was until a better report comes.
     *
     * @param speed 1 is normal
     * @param ageMillis how long ago the picture was there; negative for a frame yet to be seen
     * @param isFrame whether it is the place of the frame that is seen, rather than of the player's clock
     */
    fun setPlayhead(
        positionUnixMillis: Long,
        playing: Boolean,
        speed: Float = 1f,
        ageMillis: Long = 0,
        isFrame: Boolean = false,
    ) {
        val reading =
            PlayheadReading(
                positionUnixMillis = positionUnixMillis.toDouble(),
                playing = playing,
                speed = speed.toDouble(),
                ageMs = ageMillis.toDouble(),
                isFrame = isFrame,
            )
        ifOpen { reportPlayhead(reading) }
    }

    /**
     * Reports that the player does not say where it is, for now: an advertisement without dates, a
     * stream that is loaded anew. The picture stands where it was until a report comes.
     */
    fun losePlayhead() {
        ifOpen { losePlayhead() }
    }

    /** Returns what picture events are timed by now; `null` once the client is closed. */
    fun syncSource(): SyncSource? = ifOpen { syncSource() }

    /**
     * Tells that the viewer has sought: the picture goes where it is said to be next. A position that
     * steps without this counts as a date that does, until it has stayed for 8 seconds.
     */
    fun noteSeek() {
        ifOpen { noteSeek() }
    }

    /**
     * Reports that the player cannot tell where on the stream's timeline it is. The room is then shown
     * by the stream's delay.
     */
    fun clearPlayhead() {
        ifOpen { clearPlayhead() }
    }

    /**
     * Gives a new token, at any time, where there is no [TokenProvider]. Ends a wait for one; if the
     * old one is about to expire, the client connects with the new one before that and goes on without
     * a gap; otherwise the next connection uses it. So do calls of [api] from now on.
     */
    fun setToken(token: String) {
        ifOpen { setToken(token) }
        walletKeeper.refresh()
    }

    /**
     * Tells that the application goes to the background: the connection is closed, nothing is tried and
     * nothing more is delivered. Position and state are kept.
     */
    fun pause() {
        ifOpen { pause() }
    }

    /**
     * Tells that the application is back. The client connects at once and goes on where it stopped:
     * with every event since, or, if those are too many, with the state as it is now. Report the
     * playhead right afterwards.
     */
    fun resume() {
        ifOpen { resume() }
    }

    /**
     * Tells of the network: not [online] when there is none, so that nothing is tried; [online] when
     * there is one again, or another, such as mobile data instead of Wi-Fi. The connection is then
     * presumed dead and replaced.
     */
    fun networkChanged(online: Boolean) {
        ifOpen { networkChanged(online) }
    }

    /**
     * Drops the connection and makes another one now, whatever is being waited for. Does nothing while
     * paused, nor after a refusal that no token ends.
     */
    fun reconnect() {
        ifOpen { reconnect() }
    }

    /**
     * An empty queue of alerts that moves with this client's picture: hand it each delivery that is
     * collected, and look at it with each frame. `null` once the client has ended.
     */
    fun alerts(limits: AlertLimits = AlertLimits()): AlertQueue? = ifOpen { alerts(limits) }

    /**
     * What is known of what the viewer has watched: how it stands with each minute and, if one did not count,
     * why. The client tells the server each half minute and on [pause], and keeps what it could not tell while
     * there was no network. `null` once the client has ended.
     */
    fun watched(): Watched? = ifOpen { watched() }

    /**
     * Tells the server now what the viewer has watched. Returns when it has answered, or could not be asked.
     */
    suspend fun reportWatched() {
        val client = ifOpen { this } ?: return
        try {
            client.reportWatched()
        } catch (closed: IllegalStateException) {
            // It ended meanwhile, and has told by itself.
            if (closed is CancellationException) throw closed
        }
    }

    /**
     * What has been counted since the start, and with it everything that was given up. `null` once the
     * client has ended.
     */
    fun stats(): Stats? = ifOpen { stats() }

    /** Ends the subscription. What was delivered and not collected is dropped. */
    fun stop() {
        ifOpen { stop() }
        job.complete()
    }

    /** [stop], for `use`. */
    override fun close() {
        stop()
    }

    private suspend fun keepState() {
        try {
            while (true) {
                state.value = states.next() ?: break
            }
        } catch (cancellation: CancellationException) {
            native.stop()
            state.value = ConnectionState.Stopped
            throw cancellation
        }
    }

    private fun consume(): Consumer<Delivery>? {
        val consumer = ifOpen { deliveries() } ?: return null
        collectors.incrementAndGet()

        return Collector(consumer)
    }

    private inner class Collector(private val consumer: NativeDeliveries) : Consumer<Delivery> {
        private val isCounted = AtomicBoolean(true)

        override suspend fun wait(): Boolean {
            if (consumer.wait()) return true
            // Whoever sees the end may ask for the reason.
            stateKeeper.join()
            hasEnded.set(true)
            uncount()

            return false
        }

        override fun peek(): Delivery? {
            val delivery = consumer.peek()
            roomKeeper.refresh()

            return delivery
        }

        override fun advance() = consumer.advance()

        override fun close() {
            uncount()
            // Before it is freed, which may be later.
            consumer.leave()
            consumer.close()
        }

        private fun uncount() {
            val left = if (isCounted.getAndSet(false)) collectors.decrementAndGet() else collectors.get()
            if (left == 0 && hasEnded.get()) job.complete()
        }
    }

    /**
     * The native client frees itself under the same lock, a moment after the job is seen to be over.
     */
    private inline fun <T> ifOpen(call: NativeClient.() -> T): T? =
        synchronized(native) { if (job.isCompleted || native.uniffiIsDestroyed) null else native.call() }

    companion object {
        /**
         * Starts to follow a room, as a child of [scope], and goes on trying for as long as the server
         * cannot be reached. A [tokenProvider] is asked whenever another token is needed.
         *
         * @throws ServerUrlException if the configured server's address is none
         */
        fun connect(config: Config, scope: CoroutineScope, tokenProvider: TokenProvider? = null): ParlorClient {
            uniffiEnsureInitialized()

            return ParlorClient(NativeClient(config), scope, tokenProvider)
        }
    }
}

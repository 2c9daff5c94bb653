"""A live subscription to one room, for asyncio."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from . import _native
from ._native import (
    AlertLimits,
    AlertQueue,
    Api,
    Config,
    ConnectionState,
    Delivery,
    KnownParticipant,
    Participant,
    ParticipantProfile,
    PlayheadReading,
    Room,
    Stats,
    SyncSource,
    TokenRequest,
    Wallet,
    WalletNow,
    Watched,
)

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

_log = logging.getLogger("parlor")

# A backend that has just failed is likely to fail again at once; in seconds.
_RETRY_AFTER = 1.0

# Seldom enough for a server that is down, with all its viewers asking; in seconds.
_RETRY_AFTER_MAX = 30.0

FetchToken = Callable[[TokenRequest], Awaitable[str]]
"""Gets a token from the application's own backend. `request.reason` says why: the present one
`is_expiring()`, or it `is_refused()`.
"""


class Client:
    """A live subscription to one room, in step with the picture.

    Make it where an event loop runs. It connects at once, and goes on trying for as long as the server
    cannot be reached. It ends with `stop()`, with the block of `async with`, or when nobody holds it.
    Everything but making it may be called from any thread, and nothing blocks.
    """

    def __init__(
        self,
        config: Config,
        fetch_token: FetchToken | None = None,
        *,
        retry_after: float = _RETRY_AFTER,
    ) -> None:
        """Starts to follow a room. Raises `ServerUrlError` if the server's address is none.

        `fetch_token` is asked whenever another token is needed. If it raises an exception, also a
        cancellation or a timeout of its own, that is logged, and it is asked again after `retry_after`
        seconds, then twice as long, and so on up to half a minute.
        """
        self._native = _native.Client.connect(config)
        self._rooms = self._native.rooms()
        self._room: Room | None = None
        self._room_lock = threading.Lock()
        self._wallets: _native.Wallets | None = None
        self._wallet: Wallet | None = None
        self._wallet_lock = threading.Lock()
        self._renewal: asyncio.Task[None] | None = None
        if fetch_token is not None:
            self._loop = asyncio.get_running_loop()
            # Of the library's client alone, so that this one can be let go.
            renewal = _keep_signed_in(self._native, fetch_token, retry_after)
            self._renewal = self._loop.create_task(renewal)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    def __del__(self) -> None:
        # In case of an address that is none.
        if hasattr(self, "_renewal"):
            self.stop()

    def deliveries(self) -> AsyncIterator[Delivery]:
        """What to show, each when it is due, until the client has been stopped, or the server has refused
        it for good; `connection_state()` says which.

        Every loop gets all of it; one that begins beside another starts with the room as it is. While
        there is no loop, deliveries are kept, and the next one goes on where the last one was. A wait that
        is cancelled takes nothing with it: wait again, or begin another loop. Until then it holds up no other
        loop, and beside others it begins anew with the room as it is if more than 64 came meanwhile.

        Take them without long breaks: with 64 waiting for one loop, or for the next, the client stops
        reading, and the server drops it as too slow. It comes back by itself, late and whole.
        """
        return _Consumption(self, self._native.deliveries())

    def connection_states(self) -> AsyncIterator[ConnectionState]:
        """Where the connection stands, now and whenever it changes, until the client has ended. States
        that were passed through while nobody was looking are left out."""
        return _Consumption(self, self._native.connection_states())

    def rooms(self) -> AsyncIterator[Room]:
        """The room as the viewer should see it, now and whenever it changes, until the client has ended.

        Who follows it alone, without a loop over `deliveries()`, is not held up by what waits there: it is
        given up once it is more than 64, and the next loop begins with the room as it is. Calling `room()`
        now and then is not following it.
        """
        rooms = self._native.rooms()
        rooms.follow(True)
        return _Consumption(self, rooms)

    def room(self) -> Room:
        """The room as the viewer should see it now: its people, the stage, the hype train. It is never
        behind what was taken from `deliveries()`, and may be ahead, by what waits there. It is copied once
        for each change, not for each call."""
        with self._room_lock:
            changed = self._rooms.take()
            if changed is not None:
                self._room = changed
            assert self._room is not None, "the first room is there at once"
            return self._room

    def wallets(self) -> AsyncIterator[Wallet | None]:
        """What the viewer has in the room, now and whenever it changes, until the client has ended: their
        balance, their redemptions and what became of each, and of the minute that was decided last. `None`
        until it is known, and for whoever has not joined the room or is nobody in particular; another
        viewer's token forgets it at once.

        The server is asked for it as long as there is a loop, and from the first call of `wallet()` on.
        """
        return _WalletLoop(self, self._native.wallets())

    def wallet(self) -> Wallet | None:
        """What the viewer has in the room now, as `wallets()` tells it. The first call asks for it, and
        finds nothing yet."""
        with self._wallet_lock:
            if self._wallets is None:
                self._wallets = self._native.wallets()
            changed = self._wallets.take()
            if changed is not None:
                self._wallet = changed.wallet
            return self._wallet

    def connection_state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._native.connection_state()

    def picture_time_unix_millis(self) -> int | None:
        """When that happened which the viewer's picture shows now. Count down to a train's
        `expires_at_unix_millis` from here. `None` as long as it is not known."""
        return self._native.picture_time_unix_millis()

    def clock_error_ms(self) -> int | None:
        """How far the client's estimate of the server's time may be off. `None` as long as there is none."""
        return self._native.clock_error_ms()

    def sync_source(self) -> SyncSource:
        """What picture events are timed by now."""
        return self._native.sync_source()

    def stats(self) -> Stats:
        """What has been counted since the start, and with it everything that was given up."""
        return self._native.stats()

    def api(self) -> Api:
        """What to ask and command the client's server with, always by the client's token."""
        return self._native.api()

    def alerts(self, limits: AlertLimits | None = None) -> AlertQueue:
        """An empty queue of alerts that moves with this client's picture: hand it each delivery that you
        take, and look at it whenever you draw."""
        return self._native.alerts(AlertLimits() if limits is None else limits)

    def watched(self) -> Watched:
        """What is known of what the viewer has watched: how it stands with each minute and, if one did not
        count, why."""
        return self._native.watched()

    async def report_watched(self) -> None:
        """Tells the server now what the viewer has watched. Returns when it has answered, or could not be
        asked."""
        await self._native.report_watched()

    def set_playhead(
        self, position_unix_millis: int, playing: bool, rate_basis_points: int = 10_000
    ) -> None:
        """Reports where the player's picture is: the program date-time of the picture shown. Call on play,
        pause, stall, seek and rate change, and about every second. 10,000 basis points is normal speed."""
        self._native.set_playhead(position_unix_millis, playing, rate_basis_points)

    def report_playhead(self, reading: PlayheadReading) -> None:
        """Reports where the player's picture is, or was a moment ago, as the player says it, whatever that
        is. With what is no number it is as `lose_playhead()`, and counted."""
        self._native.report_playhead(reading)

    def lose_playhead(self) -> None:
        """Reports that the player does not say where it is, for now. The picture stands where it was until
        a report comes."""
        self._native.lose_playhead()

    def clear_playhead(self) -> None:
        """Reports that the player cannot tell where it is, and never will. The room is then shown by the
        stream's delay."""
        self._native.clear_playhead()

    def note_seek(self) -> None:
        """Tells that the viewer has sought: the picture goes where it is said to be next. A position that
        steps without this counts as a date that does, until it has stayed for 8 seconds."""
        self._native.note_seek()

    def set_token(self, token: str) -> None:
        """Gives a new token, at any time. If the old one is about to expire, the client changes over
        without a gap; otherwise the next connection uses it. So do calls of `api()` from now on."""
        self._native.set_token(token)

    def pause(self) -> None:
        """Tells that the application is not looked at: the connection is closed, nothing is tried and
        nothing more is delivered, until `resume()`. Position and state are kept."""
        self._native.pause()

    def resume(self) -> None:
        """Tells that the application is back. The client connects at once and goes on where it stopped:
        with every event since, or, if those are too many, with the state as it is now. Report the playhead
        right afterwards."""
        self._native.resume()

    def network_changed(self, online: bool) -> None:
        """Tells of the network: that there is none, so that nothing is tried, or that there is one again,
        or another. The connection is then presumed dead and replaced."""
        self._native.network_changed(online)

    def reconnect(self) -> None:
        """Drops the connection and makes another one now, whatever is being waited for. Does nothing while
        paused, nor after a refusal that no token ends."""
        self._native.reconnect()

    def stop(self) -> None:
        """Ends the subscription: every loop ends. What was delivered and not taken is dropped."""
        self._native.stop()
        if self._renewal is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._renewal.cancel)


def known(participant: Participant | ParticipantProfile, room_id: str) -> KnownParticipant:
    """Whom a change is about: a participant of the room as a followed room or an answer told of them."""
    return KnownParticipant(
        room_id=room_id, participant_id=participant.id, version=participant.version
    )


class _Consumer(Protocol[_T_co]):
    async def wait(self) -> bool: ...

    def take(self) -> _T_co | None: ...


class _Consumption(Generic[_T]):
    """One consumer. It goes with its last reference, which ends a loop at once where the end of a generator
    would come later. The traceback of a wait that was cancelled may hold it for long: the library lets it
    rest until the next wait.
    """

    def __init__(self, client: Client, consumer: _Consumer[_T]) -> None:
        self._client = client
        self._consumer = consumer

    def __aiter__(self) -> _Consumption[_T]:
        return self

    async def __anext__(self) -> _T:
        # Nothing can be cancelled between the two.
        while await self._consumer.wait():
            taken = self._consumer.take()
            if taken is not None:
                return taken
        raise StopAsyncIteration


class _WalletLoop:
    """One who follows the wallet, which may be none."""

    def __init__(self, client: Client, wallets: _native.Wallets) -> None:
        self._states: _Consumption[WalletNow] = _Consumption(client, wallets)

    def __aiter__(self) -> _WalletLoop:
        return self

    async def __anext__(self) -> Wallet | None:
        return (await self._states.__anext__()).wallet


async def _keep_signed_in(
    client: _native.Client, fetch_token: FetchToken, retry_after: float
) -> None:
    """Gives the client a token whenever it needs another, until it has ended."""
    while await client.wait_for_token_request():
        request = client.take_token_request()
        if request is not None:
            client.set_token(await _token(fetch_token, request, retry_after))


async def _token(fetch_token: FetchToken, request: TokenRequest, retry_after: float) -> str:
    async def fetch() -> str:
        return await fetch_token(request)

    while True:
        # A task of its own: what the application cancels there is not the cancellation of this one.
        fetching = asyncio.create_task(fetch())
        try:
            await asyncio.wait([fetching])
        except asyncio.CancelledError:
            fetching.cancel()
            raise
        if not fetching.cancelled() and fetching.exception() is None:
            return fetching.result()
        error = None if fetching.cancelled() else fetching.exception()
        _log.warning("no token; asking again in %g s", retry_after, exc_info=error)
        await asyncio.sleep(retry_after)
        retry_after = min(2 * retry_after, _RETRY_AFTER_MAX)

"""Follow a Parlor room in step with the picture.

`follow` connects, `deliveries` yields what to show, `keep_signed_in` answers the client's need of
tokens. Beneath them is `Client`, where everything is waited for and then taken; `Api` asks and
commands. Everything is asynchronous and runs on asyncio; times are Unix milliseconds.
"""

import asyncio
import atexit
import contextlib
import logging

from . import _native
from ._native import *  # noqa: F403

__all__ = [
    *_native.__all__,
    "connection_states",
    "deliveries",
    "follow",
    "keep_signed_in",
    "known",
    "next_connection_state",
    "next_delivery",
    "next_token_request",
]

_log = logging.getLogger("parlor")

# Seldom enough for a server that is down, with all its viewers asking; in seconds.
_RETRY_AFTER_MAX = 30.0

# The generated module leaves this to its user: without it, a module and a library of different
# builds would work together until they do not.
_native._uniffi_check_api_checksums(_native._UniffiLib)

# A background thread that is about to wake the interpreter must not find it taken apart.
atexit.register(_native.stop_background)


@contextlib.asynccontextmanager
async def follow(config):
    """Follows a room for as long as the block lasts: `async with parlor.follow(config) as client:`."""
    client = _native.Client.connect(config)
    try:
        yield client
    finally:
        client.stop()


async def next_delivery(client):
    """Waits for the next delivery. Returns None once the client has been stopped, or the server has
    refused it for good; `client.connection_state()` says which. Takes nothing if it is cancelled.
    """
    return await _next(client.wait_for_delivery, client.take_delivery)


async def next_connection_state(client):
    """Waits until the connection's state is another than at the last call; the first call returns at
    once. Returns None once the client has ended. Takes nothing if it is cancelled.
    """
    return await _next(client.wait_for_connection_state, client.take_connection_state)


async def next_token_request(client):
    """Waits until another token is needed. Returns None once the client has ended. Takes nothing if
    it is cancelled.
    """
    return await _next(client.wait_for_token_request, client.take_token_request)


async def deliveries(client):
    """Yields what is to be shown, until the client has ended. One such loop for each client."""
    while (delivery := await next_delivery(client)) is not None:
        yield delivery


async def connection_states(client):
    """Yields where the connection stands, now and whenever it changes, until the client has ended."""
    while (state := await next_connection_state(client)) is not None:
        yield state


async def keep_signed_in(client, fetch_token, *, retry_after=1.0):
    """Gives the client a token from `await fetch_token(request)` whenever it needs another, until it
    has ended. Run it as a task beside the loop of deliveries.

    `request.reason` says why: the present token `is_expiring()`, or it `is_refused()`. If `fetch_token`
    raises an exception, that is logged, and it is asked again after `retry_after` seconds, then twice as
    long, and so on up to half a minute. Cancel the task to end this.
    """
    while (request := await next_token_request(client)) is not None:
        delay = retry_after
        while not client.connection_state().is_stopped():
            try:
                token = await fetch_token(request)
            except Exception:
                _log.warning("no token; asking again in %g s", delay, exc_info=True)
                await asyncio.sleep(delay)
                delay = min(2 * delay, _RETRY_AFTER_MAX)
            else:
                client.set_token(token)
                break


def known(participant, room_id):
    """Whom a change is about: a participant of the room as a followed room or an answer told of them."""
    return _native.KnownParticipant(
        room_id=room_id, participant_id=participant.id, version=participant.version
    )


async def _next(wait, take):
    # Nothing can be cancelled between the two.
    while await wait():
        if (taken := take()) is not None:
            return taken
    return None

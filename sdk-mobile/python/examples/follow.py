#!/usr/bin/env python3
"""Follow a room from the terminal: one line for everything that happens, when it is due."""

import argparse
import asyncio
import os
import sys
import unicodedata

import parlor


def plain(typed: str) -> str:
    """What a person typed, without the characters that would move the cursor."""
    return "".join("\ufffd" if unicodedata.category(char) == "Cc" else char for char in typed)


def describe(event: parlor.RoomEvent) -> str:
    kind = event.kind
    if isinstance(kind, parlor.EventKind.CONTRIBUTION_RECEIVED):
        gift = kind.contribution
        who = plain(gift.name) if gift.name is not None else "somebody"
        return f"{who} gives {gift.hype} hype"
    if isinstance(kind, parlor.EventKind.PARTICIPANT_CHANGED):
        return describe_person(kind.change, kind.participant)
    if isinstance(kind, parlor.EventKind.HYPE_TRAIN_CHANGED):
        train = kind.train
        change = kind.change.name.lower().replace("_", " ")
        return f"hype train {change}: level {train.level}, {train.progress} of {train.goal}"
    if isinstance(kind, parlor.EventKind.SESSION_CHANGED):
        return {
            parlor.SessionChange.STARTED: f"the stream is live, {kind.session.delay_ms / 1000:g} s behind",
            parlor.SessionChange.INTERRUPTED: "the stream is away",
            parlor.SessionChange.RESUMED: "the stream is back",
            parlor.SessionChange.ENDED: "the stream has ended",
        }[kind.change]
    if isinstance(kind, parlor.EventKind.ANNOUNCEMENT_MADE):
        return f"announced: {plain(kind.announcement.text)}"
    if isinstance(kind, parlor.EventKind.REWARD_REDEEMED):
        it = kind.redemption
        return f"{plain(it.name)} redeems {plain(it.title)!r} for {it.cost} points"
    if isinstance(kind, parlor.EventKind.ROOM_UPDATED):
        return f"the room is now {plain(kind.room.title)!r}"
    return f"something new happens: {plain(event.type_name)}"


PLACES = {
    parlor.StageRole.AUDIENCE: "is in the audience now",
    parlor.StageRole.REQUESTED: "asks for the stage",
    parlor.StageRole.INVITED: "is invited to the stage",
    parlor.StageRole.SPEAKER: "is on the stage",
    parlor.StageRole.HOST: "is the host",
    parlor.StageRole.UNKNOWN: "is somewhere new",
}


def describe_person(change: parlor.ParticipantChange, person: parlor.ParticipantProfile) -> str:
    what = {
        parlor.ParticipantChange.JOINED: "comes in",
        parlor.ParticipantChange.LEFT: "leaves",
        parlor.ParticipantChange.REMOVED: "is put out of the room",
        parlor.ParticipantChange.UPDATED: "has another name now",
        parlor.ParticipantChange.ROLE_CHANGED: f"is {person.role.name.lower()} by role now",
        parlor.ParticipantChange.STAGE_CHANGED: PLACES[person.stage_role],
        parlor.ParticipantChange.PRESENCE_CHANGED: "is here" if person.is_online else "is away",
    }[change]
    return f"{plain(person.name)} {what}"


def describe_room(room: parlor.Room) -> str:
    title = plain(room.profile.title) if room.profile else "?"
    on_stage = [plain(one.name) for one in [room.stage.host, *room.stage.speakers] if one]
    stage = f", on the stage: {', '.join(on_stage)}" if on_stage else ""
    online = f", {room.online_count} online" if room.online_count is not None else ""
    train = f", hype train at level {room.train.level}" if room.train else ""
    return f"{title}{online}{stage}{train}"


def describe_failure(failure: parlor.Failure) -> str:
    if isinstance(failure, parlor.Failure.ROOM_NOT_FOUND):
        return "there is no such room, or this token may not read it"
    if isinstance(failure, parlor.Failure.SIGN_IN_REQUIRED):
        return "it wants a valid token (--token)"
    if isinstance(failure, parlor.Failure.INCOMPATIBLE):
        return f"it speaks another protocol (close code {failure.code})"
    return str(failure)


async def report_wallet(client: parlor.Client) -> None:
    """Says what the viewer has, where a token says that they are somebody."""
    async for wallet in client.wallets():
        if wallet is not None:
            held = f", {wallet.held} of them held" if wallet.held else ""
            print(f"   now  {wallet.balance} points{held}", flush=True)


async def report_connection(client: parlor.Client) -> parlor.Failure | None:
    """Says what keeps the client from its room. Returns why, if the server refuses it."""
    async for state in client.connection_states():
        if isinstance(state, parlor.ConnectionState.WAITING):
            print(f"not connected: {state.reason}; trying again", file=sys.stderr)
        elif isinstance(state, parlor.ConnectionState.REFUSED):
            # A refused token can be replaced by `set_token`; this program has no other.
            client.stop()
            return state.failure
    return None


async def follow(arguments: argparse.Namespace) -> str | None:
    config = parlor.Config(
        server=arguments.server,
        room_id=arguments.room,
        placement=parlor.Placement[arguments.placement.upper()],
        token=arguments.token,
    )
    async with parlor.Client(config) as client:
        reporter = asyncio.create_task(report_connection(client))
        points = asyncio.create_task(report_wallet(client)) if arguments.token else None
        async for delivery in client.deliveries():
            if isinstance(delivery, parlor.Delivery.EVENT):
                print(f"{delivery.event.seq:>6}  {describe(delivery.event)}", flush=True)
            elif isinstance(delivery, parlor.Delivery.STATE_REPLACED):
                print(f"   now  {describe_room(delivery.room)}", flush=True)
            elif isinstance(delivery, parlor.Delivery.PRESENCE_CHANGED):
                print(f"   now  {delivery.online_count} online", flush=True)
    failure = await reporter
    if points is not None:
        await points

    if failure is None:
        return None
    return f"the server refuses this client: {describe_failure(failure)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--room", required=True, help="the room's global id")
    parser.add_argument("--token", default=os.environ.get("PARLOR_TOKEN"))
    parser.add_argument("--placement", choices=["source", "companion"], default="companion")
    failure: str | None
    try:
        failure = asyncio.run(follow(parser.parse_args()))
    except parlor.ServerUrlError.Malformed as error:
        failure = f"{error.url}: {error.reason}"
    except KeyboardInterrupt:
        failure = None
    if failure is not None:
        sys.exit(f"error: {failure}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Follow a room from the terminal: one line for everything that happens, when it is due."""

import argparse
import asyncio
import os
import sys
import unicodedata

import parlor


def plain(typed):
    """What a person typed, without the characters that would move the cursor."""
    return "".join("\ufffd" if unicodedata.category(char) == "Cc" else char for char in typed)


def describe(event):
    kind = event.kind
    if kind.is_contribution_received():
        gift = kind.contribution
        who = plain(gift.name) if gift.name is not None else "somebody"
        return f"{who} gives {gift.hype} hype"
    if kind.is_participant_changed():
        return describe_person(kind.change, kind.participant)
    if kind.is_hype_train_changed():
        train = kind.train
        change = kind.change.name.lower().replace("_", " ")
        return f"hype train {change}: level {train.level}, {train.progress} of {train.goal}"
    if kind.is_session_changed():
        return {
            parlor.SessionChange.STARTED: f"the stream is live, {kind.session.delay_ms / 1000:g} s behind",
            parlor.SessionChange.INTERRUPTED: "the stream is away",
            parlor.SessionChange.RESUMED: "the stream is back",
            parlor.SessionChange.ENDED: "the stream has ended",
        }[kind.change]
    if kind.is_room_updated():
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


def describe_person(change, person):
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


def describe_room(room):
    title = plain(room.profile.title) if room.profile else "?"
    on_stage = [plain(one.name) for one in [room.stage.host, *room.stage.speakers] if one]
    stage = f", on the stage: {', '.join(on_stage)}" if on_stage else ""
    online = f", {room.online_count} online" if room.online_count is not None else ""
    train = f", hype train at level {room.train.level}" if room.train else ""
    return f"{title}{online}{stage}{train}"


def describe_failure(failure):
    if failure.is_room_not_found():
        return "there is no such room, or this token may not read it"
    if failure.is_sign_in_required():
        return "it wants a valid token (--token)"
    return f"it speaks another protocol (close code {failure.code})"


async def report_connection(client):
    """Says what keeps the client from its room. Returns why, if the server refuses it."""
    while (state := await parlor.next_connection_state(client)) is not None:
        if state.is_waiting():
            print(f"not connected: {state.reason}; trying again", file=sys.stderr)
        elif state.is_refused():
            # A refused token can be replaced by `set_token`; this program has no other.
            client.stop()
            return state.failure
    return None


async def follow(arguments):
    client = parlor.Client.connect(
        parlor.Config(
            server=arguments.server,
            room_id=arguments.room,
            placement=parlor.Placement[arguments.placement.upper()],
            token=arguments.token,
        )
    )
    reporter = asyncio.create_task(report_connection(client))
    try:
        while (delivery := await parlor.next_delivery(client)) is not None:
            if delivery.is_event():
                print(f"{delivery.event.seq:>6}  {describe(delivery.event)}", flush=True)
            elif delivery.is_state_replaced():
                print(f"   now  {describe_room(delivery.room)}", flush=True)
            else:
                print(f"   now  {delivery.online_count} online", flush=True)
    finally:
        client.stop()
        failure = await reporter

    if failure is None:
        return None
    return f"the server refuses this client: {describe_failure(failure)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="http://127.0.0.1:8080")
    parser.add_argument("--room", required=True, help="the room's global id")
    parser.add_argument("--token", default=os.environ.get("PARLOR_TOKEN"))
    parser.add_argument("--placement", choices=["source", "companion"], default="companion")
    try:
        failure = asyncio.run(follow(parser.parse_args()))
    except parlor.ServerUrlError as error:
        failure = f"{error.url}: {error.reason}"
    except KeyboardInterrupt:
        failure = None
    if failure is not None:
        sys.exit(f"error: {failure}")


if __name__ == "__main__":
    main()

"""Two people and a stage on the real server, each seeing what the other does."""

import asyncio
import unittest

import parlor
from parlor import StageRole
from running import Server, next_delivery, within


class People(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.server = await Server.start()
        self.addAsyncCleanup(self.server.stop)
        self.staff = parlor.Api(self.server.url, self.server.token)
        room = await within(
            self.staff.create_room(
                parlor.NewRoom(
                    slug="room", title="A room", state=parlor.RoomState.OPEN, stage_size=1
                )
            )
        )
        self.room = room.id
        await within(self.staff.start_session(self.room, None))

    async def test_two_people_meet_on_the_stage(self):
        ada, ben = await self.person("ada"), await self.person("ben")
        await ben.sees(lambda room: room.online_count == 2)
        await ben.sees(lambda room: all(one.is_online for one in room.participants))
        await ada.act(ada.api.request_stage)
        await ben.sees(lambda room: names(room.stage.queue) == ["ada"])

        await ada.act(self.staff.invite_to_stage)
        await ada.act(ada.api.join_stage)
        await ben.sees(lambda room: names(room.stage.speakers) == ["ada"])
        host = await within(self.staff.hand_over_host(ada.known(), None))
        self.assertEqual(host.stage_role, StageRole.HOST)
        await ben.sees(lambda room: room.stage.host and room.stage.host.id == ada.id)

        seen = ben.client.room()
        self.assertTrue(seen.stage.is_live)
        self.assertEqual(names(seen.participants), ["ada", "ben"])
        stage = await within(ben.api.stage(self.room))
        self.assertEqual((stage.size, stage.host.name, stage.queue), (1, "ada", []))

        left = await within(ada.api.leave_room(self.room))
        self.assertEqual(left.membership, parlor.Membership.LEFT)
        await ben.sees(lambda room: names(room.participants) == ["ben"])
        self.assertIsNone(ben.client.room().stage.host)
        await ben.sees(lambda room: room.online_count == 1)

    async def test_refusals_name_the_rule(self):
        ada, ben = await self.person("ada"), await self.person("ben")
        stale = ada.known()
        await ada.act(ada.api.request_stage)
        with self.assertRaises(parlor.CommandError.Stale):
            await within(ada.api.withdraw_stage_request(stale))
        with self.assertRaises(parlor.CommandError.Forbidden) as caught:
            await ben.act(ada.api.invite_to_stage)
        self.assertEqual(caught.exception.code, "CAPABILITY_MISSING")

        for person in [ada, ben]:
            await person.act(self.staff.invite_to_stage)
        await ada.act(ada.api.join_stage)
        with self.assertRaises(parlor.CommandError.Conflict) as caught:
            await ben.act(ben.api.join_stage)
        self.assertEqual(caught.exception.code, "STAGE_FULL")
        with self.assertRaises(parlor.CommandError.Invalid) as caught:
            await within(ada.api.rename_participant(ada.known(), ""))
        self.assertEqual(caught.exception.field, "name")

    async def test_authority_is_given_told_and_taken(self):
        ada, ben = await self.person("ada"), await self.person("ben")
        await within(self.staff.assign_role(ada.known(), parlor.ParticipantRole.OWNER))
        terms = parlor.NewCapabilityTerms(
            capability=parlor.Capability.STAGE_INVITE, reason="helps out"
        )
        await ada.refresh()
        await within(ada.api.grant_capability(await ben.refresh(), terms))

        access = await within(ben.api.room_access(self.room))
        self.assertIn(parlor.Capability.STAGE_INVITE, access.capabilities)
        (grant,) = access.participant.private_details.grants
        self.assertEqual((grant.reason, grant.by_viewer_id), ("helps out", "ada"))
        seen = await within(ben.api.participant(ada.id))
        self.assertIsNone(seen.private_details)

        await within(
            ada.api.clear_capability_grant(
                await ben.refresh(), parlor.Capability.STAGE_INVITE
            )
        )
        denial = parlor.NewCapabilityTerms(capability=parlor.Capability.STAGE_SPEAK)
        await within(ada.api.deny_capability(await ben.refresh(), denial))
        access = await within(ben.api.room_access(self.room))
        self.assertEqual(access.capabilities, [])
        await within(
            ada.api.clear_capability_denial(await ben.refresh(), parlor.Capability.STAGE_SPEAK)
        )
        renamed = await within(ada.api.rename_participant(await ben.refresh(), "benny"))
        self.assertEqual(renamed.name, "benny")

        await within(ada.api.remove_participant(await ben.refresh(), "was rude"))
        with self.assertRaises(parlor.CommandError.Conflict) as caught:
            await self.person("ben")
        self.assertEqual(caught.exception.code, "PARTICIPANT_REMOVED")
        await within(ada.api.readmit_participant(await ben.refresh()))
        back = await self.person("ben")
        self.assertEqual(back.id, ben.id)

        trail = await within(ada.api.audit(parlor.AuditQuestion(room_id=self.room)))
        self.assertEqual(
            [entry.action.name for entry in trail.entries],
            [
                "ROLE_ASSIGNED",
                "CAPABILITY_GRANTED",
                "GRANT_CLEARED",
                "CAPABILITY_DENIED",
                "DENIAL_CLEARED",
                "RENAMED",
                "REMOVED",
                "READMITTED",
            ],
        )
        self.assertEqual(trail.entries[0].to_role, parlor.ParticipantRole.OWNER)
        self.assertTrue(trail.entries[0].actor_is_staff)
        self.assertEqual(trail.entries[6].reason, "was rude")
        with self.assertRaises(parlor.QueryError.Forbidden):
            await within(back.api.audit(parlor.AuditQuestion(room_id=self.room)))

    async def test_everyone_is_found_page_by_page(self):
        for name in ["ada", "ben", "cem"]:
            await self.person(name)
        question = parlor.ParticipantsQuestion(room_id=self.room, first=2)
        page = await within(self.staff.participants(question))
        self.assertEqual(names(page.participants), ["ada", "ben"])
        self.assertEqual((page.total_count, page.has_next_page), (3, True))

        question.after = page.end_cursor
        page = await within(self.staff.participants(question))
        self.assertEqual(names(page.participants), ["cem"])
        self.assertFalse(page.has_next_page)
        question = parlor.ParticipantsQuestion(room_id=self.room, stage_role=StageRole.SPEAKER)
        page = await within(self.staff.participants(question))
        self.assertEqual(page.participants, [])

    async def test_what_renews_a_clients_token_renews_that_of_its_commands(self):
        config = parlor.Config(
            server=self.server.url,
            room_id=self.room,
            placement=parlor.Placement.COMPANION,
            token="nonsense",
        )
        may_fetch = asyncio.Event()

        async def fetch_token(request):
            await may_fetch.wait()
            return await self.server.viewer_token(subject="ada")

        async with parlor.Client(config, fetch_token) as client:
            api = client.api()
            with self.assertRaises(parlor.QueryError.Forbidden) as caught:
                await within(api.room_access(self.room))
            self.assertEqual(caught.exception.code, "UNAUTHENTICATED")

            may_fetch.set()
            self.assertTrue((await within(next_delivery(client))).is_state_replaced())
            new = parlor.NewParticipant(room_id=self.room, name="ada")
            self.assertEqual((await within(api.join_room(new))).name, "ada")

    async def person(self, name):
        """Somebody who has joined the room and follows it."""
        token = await self.server.viewer_token(subject=name)
        person = Person(self, parlor.Api(self.server.url, token), name)
        new = parlor.NewParticipant(room_id=self.room, name=name)
        person.participant = await within(person.api.join_room(new))
        config = parlor.Config(
            server=self.server.url,
            room_id=self.room,
            placement=parlor.Placement.COMPANION,
            token=token,
        )
        person.client = parlor.Client(config)
        self.addCleanup(person.client.stop)
        await person.sees(lambda room: name in names(room.participants))
        return person


class Person:
    def __init__(self, case, api, name):
        self._case = case
        self.api = api
        self.name = name
        self.participant = None
        self.client = None

    @property
    def id(self):
        return self.participant.id

    def known(self):
        return parlor.known(self.participant, self._case.room)

    async def refresh(self):
        """Looks the person up, and returns them as they are now known."""
        self.participant = await within(self._case.staff.participant(self.id))
        return self.known()

    async def act(self, command):
        """Has `command` done to the person as they are now."""
        self.participant = await within(command(await self.refresh()))
        return self.participant

    async def sees(self, wanted):
        """Waits until the room that the person follows is as wanted."""
        while not wanted(self.client.room()):
            self._case.assertIsNotNone(await within(next_delivery(self.client)))


def names(people):
    return [person.name for person in people]


if __name__ == "__main__":
    unittest.main()

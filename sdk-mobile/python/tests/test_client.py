"""A room on the real server, followed while the server is killed and started again."""

import asyncio
import random

import parlor
from running import next_delivery, within
from scene import Scene


class Following(Scene):
    async def test_a_killed_server_costs_nothing_and_repeats_nothing(self):
        client = self.connect(self.room)
        first = await within(next_delivery(client))
        self.assertEqual(first.room.profile.title, "A room")

        given = [await self.give(number) for number in range(1, 5)]
        events = await self.events(client, lambda events: gifts(events) == given)
        await self.server.kill()
        await self.server.launch()
        given += [await self.give(number) for number in range(5, 9)]
        events += await self.events(client, lambda events: totals(events)[-1:] == [8 * 500])

        self.assertEqual(gifts(events), given)
        seqs = [event.seq for event in events]
        self.assertEqual(seqs, list(range(seqs[0], seqs[0] + len(seqs))))
        self.assertEqual(totals(events), sorted(totals(events)))
        room = await within(self.api.room(self.room))
        self.assertEqual(room.train.total, 8 * 500)
        self.assertGreaterEqual(client.stats().disconnects, 1)

    async def test_train_events_come_in_order(self):
        client = self.connect(self.room)
        await within(next_delivery(client))
        for number in range(1, 4):
            await self.give(number)
        events = await self.events(client, lambda events: len(events) == 6)

        changes = [event.kind.change for event in events if event.kind.is_hype_train_changed()]
        self.assertEqual(
            changes,
            [
                parlor.HypeTrainChange.APPROACHED,
                parlor.HypeTrainChange.STARTED,
                parlor.HypeTrainChange.LEVELED_UP,
            ],
        )

    async def test_two_clients_follow_two_rooms(self):
        other_room = await self.open_room("room-2")
        clients = [self.connect(self.room), self.connect(other_room)]
        for client in clients:
            await within(next_delivery(client))
        one = await self.give(1)
        other = await self.give(2, room=other_room)

        for client, contribution in zip(clients, [one, other]):
            (event,) = await self.events(client, lambda events: len(events) == 1)
            self.assertEqual(gifts([event]), [contribution])

    async def test_stopping_ends_the_wait(self):
        client = self.connect(self.room)
        await within(next_delivery(client))
        waiting = asyncio.create_task(next_delivery(client))
        client.stop()

        self.assertIsNone(await within(waiting))
        self.assertIsNone(await within(next_delivery(client)))

    async def test_a_cancelled_wait_takes_nothing_with_it(self):
        client = self.connect(self.room)
        await within(next_delivery(client))
        waiting = asyncio.create_task(next_delivery(client))
        await asyncio.wait([waiting], timeout=0)
        waiting.cancel()
        given = await self.give(1)

        (event,) = await self.events(client, lambda events: len(events) == 1)
        self.assertEqual(gifts([event]), [given])

    async def test_waits_that_are_cancelled_at_any_moment_take_nothing_with_them(self):
        client = self.connect(self.room)
        await within(next_delivery(client))
        giving = asyncio.create_task(self.give_in_turn(1, 100))

        seen, cancelled = await within(self.gather_hastily(client, until=giving))

        self.assertEqual(gifts(seen), await giving)
        self.assertGreater(cancelled, 100)

    async def test_an_unknown_room_ends_it(self):
        client = self.connect("Um9vbTowMWEyMDUxMS0wNTI3LTcxMzktYTBkNC01MDNlNWZkMjI3OGQ=")

        self.assertIsNone(await within(next_delivery(client)))
        state = client.connection_state()
        self.assertTrue(state.is_refused())
        self.assertTrue(state.failure.is_room_not_found())

    async def test_refusals_say_why(self):
        with self.assertRaises(parlor.CommandError.Invalid) as caught:
            await self.give(1, amount=0)
        self.assertEqual(caught.exception.field, "amount")
        await self.give(2)
        with self.assertRaises(parlor.CommandError.Conflict):
            await self.give(2, amount=700)
        stranger = parlor.Api(self.server.url, "nonsense")
        with self.assertRaises(parlor.QueryError.Forbidden):
            await within(stranger.room(self.room))
        with self.assertRaises(parlor.ServerUrlError.Malformed):
            parlor.Api("parlor.example", None)
        await self.server.kill()
        with self.assertRaises(parlor.QueryError.Unreachable):
            await within(self.api.room(self.room))

    async def gather_hastily(self, client, until):
        """Pulls events by waits that are soon cancelled, until all that is given has come. Returns
        the events, and how many waits were cancelled."""
        turns = random.Random(7)
        seen, cancelled = [], 0
        while not until.done() or len(gifts(seen)) < len(until.result()):
            waiting = asyncio.create_task(next_delivery(client))
            for _ in range(turns.randrange(5)):
                await asyncio.sleep(0)
            waiting.cancel()
            try:
                delivery = await waiting
            except asyncio.CancelledError:
                cancelled += 1
                continue
            if delivery.is_event():
                seen.append(delivery.event)
        return seen, cancelled

    async def events(self, client, enough):
        """Pulls events until there are enough."""
        events = []
        while not enough(events):
            delivery = await within(next_delivery(client))
            self.assertIsNotNone(delivery)
            if delivery.is_event():
                events.append(delivery.event)
        return events


def gifts(events):
    """The ids of the contributions among the events."""
    kinds = [event.kind for event in events]
    return [kind.contribution.id for kind in kinds if kind.is_contribution_received()]


def totals(events):
    """What the hype train had after each of its events."""
    kinds = [event.kind for event in events]
    return [kind.train.total for kind in kinds if kind.is_hype_train_changed()]

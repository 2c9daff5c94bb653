"""Several who follow one client: each has all of it."""

import asyncio

import parlor
from running import next_delivery, within
from scene import Scene


class Consumers(Scene):
    async def test_every_loop_gets_all_of_it_and_a_later_one_begins_with_the_room(self):
        client = self.connect(self.room)
        early = [asyncio.create_task(self.gather(client, 4 * 500)) for _ in range(2)]
        # Both have begun once the first state is there.
        await within(self.room_with(client, lambda room: room.profile))
        given = await self.give_in_turn(1, 2)
        await within(self.room_with(client, lambda room: room.train and room.train.total == 1_000))
        later = asyncio.create_task(self.gather(client, 4 * 500))
        await asyncio.sleep(0)
        given += await self.give_in_turn(3, 4)

        for loop in early:
            _, gifts = await within(loop)
            self.assertEqual(gifts, given)
        first, gifts = await within(later)
        self.assertEqual(first.train.total, 1_000)
        self.assertEqual(gifts, given[2:])

    async def test_a_loop_that_is_left_keeps_its_place_for_the_next(self):
        client = self.connect(self.room)
        async for _ in client.deliveries():
            break
        given = await self.give_in_turn(1, 2)
        seen = []
        while len(seen) < 2:
            async for delivery in client.deliveries():
                if delivery.is_event() and delivery.event.kind.is_contribution_received():
                    seen.append(delivery.event.kind.contribution.id)
                break
        self.assertEqual(seen, given)

    async def test_a_wait_that_is_cancelled_beside_another_loop_takes_nothing(self):
        client = self.connect(self.room)
        one, other = client.deliveries(), client.deliveries()
        seen = [await within(anext(one))]
        all_of_it = [await within(anext(other))]
        cancelled = 0
        for number in range(1, 21):
            waiting = asyncio.create_task(anext(one))
            for _ in range(number % 4):
                await asyncio.sleep(0)
            waiting.cancel()
            try:
                seen.append(await waiting)
            except asyncio.CancelledError:
                cancelled += 1
            given = await self.give(number)
            while gift_of(all_of_it[-1]) != given:
                all_of_it.append(await within(anext(other)))
        while len(seen) < len(all_of_it):
            seen.append(await within(anext(one)))

        self.assertEqual(seen, all_of_it)
        self.assertGreater(cancelled, 5)

    async def test_each_follower_of_the_connection_is_told_of_each_change(self):
        client = self.connect(self.room)
        await within(next_delivery(client))
        followers = [asyncio.create_task(self.paused(client)) for _ in range(2)]
        await asyncio.sleep(0)
        client.pause()
        self.assertEqual([await within(follower) for follower in followers], [True, True])

    async def test_the_room_is_copied_once_for_each_change_and_never_behind(self):
        client = self.connect(self.room)
        await within(next_delivery(client))
        self.assertIs(client.room(), client.room())
        await self.give_in_turn(1, 3)
        total = 0
        deliveries = client.deliveries()
        while total < 3 * 500:
            delivery = await within(anext(deliveries))
            if delivery.is_event() and delivery.event.kind.is_hype_train_changed():
                total = delivery.event.kind.train.total
                self.assertGreaterEqual(client.room().train.total, total)

    async def test_an_address_that_is_none_is_told_at_once(self):
        with self.assertRaises(parlor.ServerUrlError.Malformed):
            parlor.Client(
                parlor.Config(
                    server="parlor.example",
                    room_id=self.room,
                    placement=parlor.Placement.SOURCE,
                )
            )

    async def paused(self, client):
        async for state in client.connection_states():
            if state.is_paused():
                return True
        return False

    async def room_with(self, client, wanted):
        async for room in client.rooms():
            if wanted(room):
                return

    async def gather(self, client, total):
        """The first state, and the gifts up to where the train has `total`."""
        first, gifts = None, []
        async for delivery in client.deliveries():
            if delivery.is_state_replaced() and first is None:
                first = delivery.room
            if not delivery.is_event():
                continue
            kind = delivery.event.kind
            if kind.is_contribution_received():
                gifts.append(kind.contribution.id)
            if kind.is_hype_train_changed() and kind.train.total == total:
                break
        return first, gifts


def gift_of(delivery):
    """The contribution's id, if it is one."""
    if delivery.is_event() and delivery.event.kind.is_contribution_received():
        return delivery.event.kind.contribution.id
    return None

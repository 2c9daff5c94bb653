"""An application's life on the real server: background and foreground, the network, tokens."""

import asyncio
import unittest
import weakref

import parlor
from running import Server, next_delivery, within


class Lifecycle(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.server = await Server.start()
        self.addAsyncCleanup(self.server.stop)
        self.api = parlor.Api(self.server.url, self.server.token)
        room = await within(
            self.api.create_room(
                parlor.NewRoom(slug="room-1", title="A room", state=parlor.RoomState.OPEN)
            )
        )
        self.room = room.id
        await within(self.api.start_session(self.room, None))

    async def test_a_paused_client_comes_back_to_every_event_since(self):
        async with parlor.Client(self.config(self.server.token)) as client:
            await within(next_delivery(client))
            given = [await self.give(1)]
            self.assertEqual(await self.gifts(client, 1), given)

            client.pause()
            await self.reached(client, lambda state: state.is_paused())
            given = [await self.give(number) for number in range(2, 6)]
            client.resume()

            self.assertEqual(await self.gifts(client, 4), given)
            self.assertEqual(client.stats().disconnects, 0)
            self.assertEqual(client.stats().duplicates, 0)

    async def test_a_server_that_was_killed_meanwhile_costs_a_paused_client_nothing(self):
        async with parlor.Client(self.config(self.server.token)) as client:
            await within(next_delivery(client))
            client.pause()
            await self.reached(client, lambda state: state.is_paused())
            given = [await self.give(1)]
            await self.server.kill()
            await self.server.launch()
            self.api = parlor.Api(self.server.url, self.server.token)
            given += [await self.give(2)]
            client.resume()

            self.assertEqual(await self.gifts(client, 2), given)

    async def test_the_network_and_an_explicit_wish(self):
        async with parlor.Client(self.config(self.server.token)) as client:
            await within(next_delivery(client))
            client.network_changed(False)
            await self.reached(client, lambda state: state.is_waiting_for_network())
            given = [await self.give(1)]
            client.network_changed(True)
            self.assertEqual(await self.gifts(client, 1), given)

            client.reconnect()
            given = [await self.give(2)]
            self.assertEqual(await self.gifts(client, 1), given)

    async def test_a_token_that_runs_out_is_renewed_and_no_event_is_lost(self):
        # Shorter than the server's warning, which so comes at once.
        requests = []

        async def fetch_token(request):
            requests.append(request.reason)
            return await self.server.viewer_token("1h")

        token = await self.server.viewer_token("3s")
        async with parlor.Client(self.config(token), fetch_token) as client:
            states = asyncio.create_task(collect(client.connection_states()))
            await within(next_delivery(client))
            given = []
            while not requests:
                given.append(await self.give(len(given)))
            for _ in range(20):
                given.append(await self.give(len(given)))

            self.assertEqual(await self.gifts(client, len(given)), given)
            self.assertEqual([reason.is_expiring() for reason in requests], [True])
            self.assertEqual(client.stats().disconnects, 0)
        for state in await within(states):
            self.assertTrue(state.is_connecting() or state.is_live() or state.is_stopped(), state)

    async def test_a_refused_token_is_asked_for(self):
        async def fetch_token(request):
            self.assertTrue(request.reason.is_refused())
            return await self.server.viewer_token("1h")

        async with parlor.Client(self.config("nonsense"), fetch_token) as client:
            delivery = await within(next_delivery(client))
            self.assertEqual(delivery.room.profile.title, "A room")

    async def test_whoever_has_no_token_now_is_asked_again(self):
        failures = [OSError("no network"), asyncio.TimeoutError(), asyncio.CancelledError()]

        async def fetch_token(request):
            if failures:
                raise failures.pop(0)
            return await self.server.viewer_token("1h")

        with self.assertLogs("parlor", "WARNING") as logged:
            client = parlor.Client(self.config("nonsense"), fetch_token, retry_after=0.001)
            async with client:
                await within(next_delivery(client))
        self.assertEqual(len(logged.records), 3)

    async def test_leaving_the_block_ends_a_renewal_that_waits(self):
        asked = asyncio.Event()

        async def fetch_token(request):
            asked.set()
            await asyncio.Event().wait()

        async with parlor.Client(self.config("nonsense"), fetch_token):
            await within(asked.wait())
        names = [task.get_coro().__name__ for task in asyncio.all_tasks()]
        self.assertNotIn("_keep_signed_in", names)

    async def test_a_client_that_nobody_holds_ends_with_its_renewal(self):
        asked = asyncio.Event()

        async def fetch_token(request):
            asked.set()
            await asyncio.Event().wait()

        client = parlor.Client(self.config("nonsense"), fetch_token)
        await within(asked.wait())
        (renewal,) = [
            task
            for task in asyncio.all_tasks()
            if task.get_coro().__name__ == "_keep_signed_in"
        ]
        gone = weakref.ref(client)
        del client

        self.assertIsNone(gone())
        await within(asyncio.wait([renewal]))
        self.assertTrue(renewal.cancelled())

    async def test_leaving_the_block_ends_every_loop(self):
        async with parlor.Client(self.config(self.server.token)) as client:
            await within(next_delivery(client))
            loops = [
                asyncio.create_task(collect(client.deliveries())),
                asyncio.create_task(collect(client.connection_states())),
            ]
        for loop in loops:
            await within(loop)

    def config(self, token):
        return parlor.Config(
            server=self.server.url,
            room_id=self.room,
            placement=parlor.Placement.COMPANION,
            token=token,
        )

    async def give(self, number):
        """Gives 5 euros, and returns the contribution's id."""
        contribution = await within(
            self.api.record_contribution(
                parlor.ContributionReport(
                    room_id=self.room,
                    idempotency_key=f"gift-{number}",
                    kind=parlor.ContributionKind.DONATION,
                    amount=500,
                    currency="EUR",
                    viewer_id=f"viewer-{number}",
                    viewer_name=f"Viewer {number}",
                )
            )
        )
        return contribution.id

    async def gifts(self, client, count):
        """Pulls until `count` contributions have come, and returns their ids."""
        ids = []
        while len(ids) < count:
            delivery = await within(next_delivery(client))
            self.assertIsNotNone(delivery)
            if delivery.is_event() and delivery.event.kind.is_contribution_received():
                ids.append(delivery.event.kind.contribution.id)
        return ids

    async def reached(self, client, wanted):
        async for state in client.connection_states():
            if wanted(state):
                return
        self.fail("the client has ended")


async def collect(iterator):
    return [item async for item in iterator]


if __name__ == "__main__":
    unittest.main()

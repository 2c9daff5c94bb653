"""Alerts one at a time, of contributions on the real server."""

import asyncio
import time

import parlor
from running import next_delivery, within
from scene import Scene


class Alerts(Scene):
    async def test_too_many_become_one_that_says_how_many(self):
        client, alerts = await self.open_queue()
        alerts.pause()
        await self.give_in_turn(1, 8)
        await self.take(client, alerts, 8)
        self.assertEqual((alerts.on_stage(), alerts.backlog()), (None, 8))

        alerts.resume()
        on_stage = alerts.on_stage()
        burst = on_stage.alert
        self.assertTrue(burst.is_burst())
        self.assertEqual((burst.count, burst.people_count, burst.hype), (8, 8, 8 * 500))
        self.assertEqual(burst.money, parlor.AlertMoney(amount=8 * 500, currency="EUR"))
        self.assertEqual(burst.names[0], "Viewer 1")
        self.assertEqual(alerts.stats().shown + alerts.backlog(), 8)

    async def test_what_matters_more_goes_first_and_what_is_skipped_leaves(self):
        client, alerts = await self.open_queue()
        alerts.pause()
        await self.give_in_turn(1, 3)
        await self.take(client, alerts, 3, priority=lambda name: int(name == "Viewer 3"))
        alerts.resume()

        names = []
        while on_stage := await within(self.next_on_stage(alerts)):
            names.append(on_stage.alert.contribution.name)
            self.assertTrue(alerts.skip())
        self.assertEqual(names, ["Viewer 3", "Viewer 1", "Viewer 2"])

    async def test_while_the_picture_stands_so_does_the_alert(self):
        client = self.connect(self.room, parlor.Placement.PLAYER)
        # A little ahead of what is being filmed, so that everything is due at once.
        client.set_playhead(int(time.time() * 1_000) + 30_000, False, 10_000)
        await within(next_delivery(client))
        alerts = client.alerts(parlor.AlertLimits())
        await self.give(1)
        await self.take(client, alerts, 1)
        age = alerts.on_stage().age_ms
        # Two answers of the server take their time.
        await self.give_in_turn(2, 3)

        self.assertEqual(alerts.on_stage().age_ms, age)

    async def open_queue(self):
        client = self.connect(self.room)
        await within(next_delivery(client))
        return client, client.alerts(parlor.AlertLimits())

    async def take(self, client, alerts, count, priority=lambda name: 0):
        """Hands over what comes until so many contributions were among it."""
        while count > 0:
            delivery = await within(next_delivery(client))
            gift = delivery.is_event() and delivery.event.kind.is_contribution_received()
            name = delivery.event.kind.contribution.name if gift else ""
            alerts.take(delivery, priority(name))
            count -= gift

    async def next_on_stage(self, alerts):
        """What comes on stage next, or None if nothing waits and nothing is there."""
        while alerts.next_change_in_ms() is not None:
            if (on_stage := alerts.on_stage()) and on_stage.age_ms < on_stage.stay_ms:
                return on_stage
            await asyncio.sleep(0)
        return None

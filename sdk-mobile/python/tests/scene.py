"""A room on a server of its own, whom tests follow and give to."""

import unittest

import parlor
from running import Server, within


class Scene(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.server = await Server.start()
        self.addAsyncCleanup(self.server.stop)
        self.api = parlor.Api(self.server.url, self.server.token)
        self.room = await self.open_room("room-1")

    def connect(self, room, placement=parlor.Placement.COMPANION, token=None, folder=None):
        client = parlor.Client(
            parlor.Config(
                server=self.server.url,
                room_id=room,
                placement=placement,
                token=token,
                redemptions_folder=folder,
            )
        )
        self.addCleanup(client.stop)
        return client

    async def open_room(self, slug):
        program = parlor.HypeTrainProgram(
            kickoff_events=2,
            kickoff_viewers=2,
            kickoff_window_ms=600_000,
            levels=[parlor.HypeTrainLevel(goal=1_200)],
            seconds_per_level=600,
            cooldown_ms=0,
        )
        room = await within(
            self.api.create_room(
                parlor.NewRoom(
                    slug=slug,
                    title="A room",
                    state=parlor.RoomState.OPEN,
                    anonymous_read=True,
                    hype_train_program=program,
                )
            )
        )
        await within(self.api.start_session(room.id, None))
        return room.id

    async def give(self, number, room=None, amount=500):
        """Gives 5 euros, and returns the contribution's id."""
        contribution = await within(
            self.api.record_contribution(
                parlor.ContributionReport(
                    room_id=room or self.room,
                    idempotency_key=f"{room or self.room}-{number}",
                    kind=parlor.ContributionKind.DONATION,
                    amount=amount,
                    currency="EUR",
                    viewer_id=f"viewer-{number}",
                    viewer_name=f"Viewer {number}",
                )
            )
        )
        return contribution.id

    async def give_in_turn(self, first, last):
        return [await self.give(number) for number in range(first, last + 1)]

"""What a viewer has, redeems and is charged, on the real server."""

import asyncio
import itertools
import tempfile

import parlor
from parlor import CommandError, RedemptionStatus, RewardAskKind
from running import within
from scene import Scene


class Points(Scene):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        folder = tempfile.TemporaryDirectory(prefix="parlor-redemptions-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.keys = itertools.count()
        self.reward = await self.server.command(
            "createReward",
            "CreateRewardInput",
            "Reward",
            idempotencyKey="reward",
            roomId=self.room,
            title="A number",
            cost="30",
            input={"number": {"min": "1", "max": "6"}},
        )

    async def test_a_balance_grows_and_what_is_redeemed_is_held_and_then_spent(self):
        token = await self.server.viewer_token()
        client = self.connect(self.room, token=token)
        self.assertIsNone(client.wallet())
        ada = await self.join(client.api())
        wallets = client.wallets()
        await self.sees(wallets, lambda wallet: wallet.balance == 0)
        await self.grant(ada, 100)
        await self.sees(wallets, lambda wallet: wallet.available == 100)

        [reward] = await within(client.api().rewards(self.room))
        self.assertEqual((reward.title, reward.cost), ("A number", 30))
        self.assertEqual((reward.input.kind, reward.input.max), (RewardAskKind.NUMBER, 6))
        self.assertTrue(reward.standing.can_redeem)
        made = await within(client.api().redeem(self.order(input="4")))
        self.assertEqual((made.status, made.input), (RedemptionStatus.UNFULFILLED, "4"))
        wallet = await self.sees(wallets, lambda wallet: wallet.held == 30)
        self.assertEqual((wallet.balance, wallet.participant_id), (100, ada))
        self.assertEqual(wallet.redemptions, [made])

        settled = {"roomId": self.room, "redemptionId": made.id}
        await self.server.command(
            "fulfillRedemption", "SettleRedemptionInput", "Redemption", **settled
        )
        wallet = await self.sees(wallets, lambda wallet: wallet.balance == 70)
        self.assertEqual(wallet.redemptions[0].status, RedemptionStatus.FULFILLED)
        now = await within(client.api().redemption(made.id))
        self.assertEqual(now, wallet.redemptions[0])
        self.assertEqual(client.wallet(), wallet)

    async def test_a_refusal_names_the_rule_and_the_field(self):
        api = parlor.Api(self.server.url, await self.server.viewer_token())
        with self.assertRaises(CommandError.Forbidden) as caught:
            await within(api.redeem(self.order(input="4")))
        self.assertEqual(caught.exception.code, "NOT_JOINED")
        ada = await self.join(api)
        with self.assertRaises(CommandError.Conflict) as caught:
            await within(api.redeem(self.order(input="4")))
        self.assertEqual(caught.exception.code, "INSUFFICIENT_POINTS")
        [reward] = await within(api.rewards(self.room))
        self.assertEqual(reward.standing.refusal.code, "INSUFFICIENT_POINTS")

        await self.grant(ada, 100)
        with self.assertRaises(CommandError.Invalid) as caught:
            await within(api.redeem(self.order(input="7")))
        self.assertEqual(caught.exception.field, "input")
        self.assertIsNotNone(caught.exception.constraint)
        with self.assertRaises(CommandError.Conflict) as caught:
            await within(api.redeem(self.order(input="4", cost=20)))
        self.assertEqual(caught.exception.code, "COST_CHANGED")

    async def test_an_answer_that_is_cut_off_and_a_restart_are_one_charge(self):
        token = await self.server.viewer_token()
        async with Lossy(self.server.url) as lossy:
            api = parlor.Api(lossy.url, token, self.folder)
            ada = await self.join(api)
            await self.grant(ada, 100)
            with self.assertRaises(CommandError.Unreachable):
                await within(api.redeem(self.order(input="4")))
            self.assertEqual(lossy.lost, 4)
            lossy.loses = False

            # Another process would have nothing but the folder.
            client = parlor.Client(
                parlor.Config(
                    server=lossy.url,
                    room_id=self.room,
                    placement=parlor.Placement.COMPANION,
                    token=token,
                    redemptions_folder=self.folder,
                )
            )
            self.addCleanup(client.stop)
            wallet = await self.sees(client.wallets(), lambda wallet: wallet.redemptions)
            self.assertEqual((wallet.balance, wallet.held), (100, 30))
            [settled] = await within(client.api().settle_redemptions(self.room))
            self.assertEqual(settled.redemption, wallet.redemptions[0])
            self.assertTrue(settled.is_answered)
            self.assertEqual(await within(client.api().settle_redemptions(self.room)), [])
            # What is meant as another one is another one.
            await within(client.api().redeem(self.order(input="4")))
            await self.sees(client.wallets(), lambda wallet: wallet.held == 60)

    async def test_nobody_sees_or_pays_for_what_is_somebody_elses(self):
        ada, ben = [await self.server.viewer_token(subject=name) for name in ("ada", "ben")]
        for token in (ada, ben):
            await self.grant(await self.join(parlor.Api(self.server.url, token)), 100)
        async with Lossy(self.server.url) as lossy:
            api = parlor.Api(lossy.url, ada, self.folder)
            with self.assertRaises(CommandError.Unreachable):
                await within(api.redeem(self.order(input="4")))
            lossy.loses = False
            api.set_token(ben)
            self.assertEqual(await within(api.settle_redemptions(self.room)), [])

        client = self.connect(self.room, token=ada)
        wallets = client.wallets()
        of_ada = await self.sees(wallets, lambda wallet: wallet.held == 30)
        client.set_token(ben)
        self.assertIsNone(client.wallet())
        of_ben = await self.sees(wallets, lambda wallet: True)
        self.assertNotEqual(of_ben.participant_id, of_ada.participant_id)
        self.assertEqual((of_ben.available, of_ben.redemptions), (100, []))

    def order(self, cost=30, **given):
        return parlor.NewRedemption(
            room_id=self.room, reward_id=self.reward, cost=cost, **given
        )

    async def join(self, api):
        """Has the caller join the room, and returns who they are there."""
        return (await within(api.join_room(parlor.NewParticipant(room_id=self.room, name="Ada")))).id

    async def grant(self, participant, points):
        await self.server.command(
            "grantPoints",
            "PointsInput",
            "PointsTransfer",
            idempotencyKey=str(next(self.keys)),
            roomId=self.room,
            participantId=participant,
            points=str(points),
            reason="welcome",
        )

    async def sees(self, wallets, wanted):
        """Waits until there is a wallet as wanted."""

        async def first():
            async for wallet in wallets:
                if wallet is not None and wanted(wallet):
                    return wallet

        return await within(first())


class Lossy:
    """A way to the server on which the answers to redemptions are lost, for as long as it `loses`."""

    def __init__(self, upstream):
        self._upstream = upstream.removeprefix("http://").split(":")
        self.loses = True
        self.lost = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _carry(self, reader, writer):
        upstream, to_upstream = await asyncio.open_connection(*self._upstream)
        asked = bytearray()
        asking = asyncio.create_task(self._copy(reader, to_upstream, asked))
        try:
            while answer := await upstream.read(65_536):
                if self.loses and b"redeemReward" in asked:
                    self.lost += 1
                    break
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            asking.cancel()
            for one in (writer, to_upstream):
                one.close()

    async def _copy(self, reader, writer, seen):
        while some := await reader.read(65_536):
            seen += some
            writer.write(some)
            await writer.drain()

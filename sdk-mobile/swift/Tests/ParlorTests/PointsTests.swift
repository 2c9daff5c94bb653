import Parlor
import XCTest

#if canImport(Observation)
    import Observation
#endif

/// What a viewer has, redeems and is charged, on the real server.
final class PointsTests: XCTestCase {
    func testABalanceGrowsAndWhatIsRedeemedIsHeldAndThenSpent() async throws {
        let room = try await OpenRoom.make(for: self)
        try await room.makeReward()
        let client = try await room.follow(token: room.server.makeToken(viewer: "ada"))
        XCTAssertNil(client.wallet)
        let ada = try await room.join(client.api)
        _ = try await client.sees { $0.balance == 0 }
        try await room.grant(100, to: ada)
        _ = try await client.sees { $0.available == 100 }

        let rewards = try await within { try await client.api.rewards(inRoom: room.id) }
        let reward = try XCTUnwrap(rewards.first)
        XCTAssertEqual(rewards.count, 1)
        XCTAssertEqual(reward.title, "A number")
        XCTAssertEqual(reward.input.kind, .number)
        XCTAssertEqual(reward.input.max, 6)
        XCTAssertEqual(reward.standing?.canRedeem, true)
        let order = NewRedemption(reward, inRoom: room.id, input: "4")
        let made = try await within { try await client.api.redeem(order) }
        XCTAssertEqual(made.status, .unfulfilled)
        XCTAssertEqual(made.input, "4")
        let held = try await client.sees { $0.held == 30 }
        XCTAssertEqual(held.balance, 100)
        XCTAssertEqual(held.participantId, ada)
        XCTAssertEqual(held.redemptions, [made])

        try await room.command(
            "fulfillRedemption", made: "Redemption",
            "roomId: \"\(room.id)\", redemptionId: \"\(made.id)\"")
        let spent = try await client.sees { $0.balance == 70 }
        XCTAssertEqual(spent.redemptions.first?.status, .fulfilled)
        let now = try await within { try await client.api.redemption(id: made.id) }
        XCTAssertEqual(now, spent.redemptions.first)
        XCTAssertEqual(client.wallet, spent)
    }

    func testARefusalNamesTheRuleAndTheField() async throws {
        let room = try await OpenRoom.make(for: self)
        try await room.makeReward()
        let token = try await room.server.makeToken(viewer: "ada")
        let api = try ParlorAPI(server: await room.server.url, token: token)
        let reward = try await room.reward(for: api)
        await assertRefused(api, NewRedemption(reward, inRoom: room.id, input: "4")) {
            if case .forbidden(_, "NOT_JOINED") = $0 { true } else { false }
        }
        let ada = try await room.join(api)
        await assertRefused(api, NewRedemption(reward, inRoom: room.id, input: "4")) {
            if case .conflict(_, "INSUFFICIENT_POINTS") = $0 { true } else { false }
        }
        let poor = try await room.reward(for: api)
        XCTAssertEqual(poor.standing?.refusal?.code, "INSUFFICIENT_POINTS")

        try await room.grant(100, to: ada)
        await assertRefused(api, NewRedemption(reward, inRoom: room.id, input: "7")) {
            if case .invalid(_, "input", .some) = $0 { true } else { false }
        }
        var cheaper = reward
        cheaper.cost = 20
        await assertRefused(api, NewRedemption(cheaper, inRoom: room.id, input: "4")) {
            if case .conflict(_, "COST_CHANGED") = $0 { true } else { false }
        }
    }

    func testWhatCouldNotBeAskedForIsSettledOnceAfterARestart() async throws {
        let room = try await OpenRoom.make(for: self)
        try await room.makeReward()
        let token = try await room.server.makeToken(viewer: "ada")
        let folder = try makeFolder()
        let api = try ParlorAPI(
            server: await room.server.url, token: token, redemptionsFolder: folder)
        try await room.grant(100, to: try await room.join(api))
        let reward = try await room.reward(for: api)
        let first = try await within {
            try await api.redeem(NewRedemption(reward, inRoom: room.id, input: "1"))
        }
        try await room.server.kill()
        await assertRefused(api, NewRedemption(reward, inRoom: room.id, input: "4")) {
            if case .unreachable = $0 { true } else { false }
        }
        try await room.server.launch()

        // Another process would have nothing but the folder.
        let client = try await room.follow(token: token, redemptionsFolder: folder)
        let before = try await client.sees { _ in true }
        XCTAssertEqual(before.redemptions, [first])
        let settled = try await within { try await client.api.settleRedemptions(inRoom: room.id) }
        XCTAssertEqual(settled.map(\.isAnswered), [true])
        let made = try XCTUnwrap(settled.first).result.get()
        XCTAssertEqual(made.input, "4")
        let nothing = try await within { try await client.api.settleRedemptions(inRoom: room.id) }
        XCTAssertEqual(nothing, [])
        let after = try await client.sees { $0.held == 60 }
        XCTAssertEqual(after.redemptions, [made, first])
    }

    func testNobodySeesOrPaysForWhatIsSomebodyElses() async throws {
        let room = try await OpenRoom.make(for: self)
        try await room.makeReward()
        let ada = try await room.server.makeToken(viewer: "ada")
        let ben = try await room.server.makeToken(viewer: "ben")
        let server = await room.server.url
        let api = try ParlorAPI(server: server, token: ada, redemptionsFolder: try makeFolder())
        try await room.grant(100, to: try await room.join(api))
        try await room.grant(100, to: try await room.join(ParlorAPI(server: server, token: ben)))
        let reward = try await room.reward(for: api)
        let order = NewRedemption(reward, inRoom: room.id, input: "1")
        _ = try await within { try await api.redeem(order) }
        try await room.server.kill()
        await assertRefused(api, NewRedemption(reward, inRoom: room.id, input: "4")) {
            if case .unreachable = $0 { true } else { false }
        }
        try await room.server.launch()
        api.setToken(ben)
        let settled = try await within { try await api.settleRedemptions(inRoom: room.id) }
        XCTAssertEqual(settled, [])

        let client = try await room.follow(token: ada)
        // What is asked for as long as there is a loop may be forgotten when it ends.
        XCTAssertNil(client.wallet)
        let ofAda = try await client.sees { $0.held == 30 }
        XCTAssertEqual(client.wallet?.participantId, ofAda.participantId)
        client.setToken(ben)
        XCTAssertNil(client.wallet)
        let ofBen = try await client.sees { _ in true }
        XCTAssertNotEqual(ofBen.participantId, ofAda.participantId)
        XCTAssertEqual(ofBen.available, 100)
        XCTAssertEqual(ofBen.redemptions, [])
    }

    #if canImport(Observation)
        func testAnObservedWalletIsTheViewersNow() async throws {
            guard #available(iOS 17, macOS 14, *) else { return }
            let room = try await OpenRoom.make(for: self)
            let client = try await room.follow(token: room.server.makeToken(viewer: "ada"))
            let ada = try await room.join(client.api)
            let observed = Task { await observe(client, untilBalance: 100) }
            try await room.grant(100, to: ada)

            let seen = try await within { await observed.value }
            XCTAssertEqual(seen, ada)
        }
    #endif

    private func makeFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("parlor-redemptions-\(UUID().uuidString)")
        addTeardownBlock { try? FileManager.default.removeItem(at: folder) }

        return folder
    }

    private func assertRefused(
        _ api: ParlorAPI,
        _ order: NewRedemption,
        as expected: (CommandError) -> Bool
    ) async {
        do {
            _ = try await within { try await api.redeem(order) }
            XCTFail("it was redeemed")
        } catch let error as CommandError {
            XCTAssertTrue(expected(error), "\(error)")
        } catch {
            XCTFail("\(error)")
        }
    }
}

extension OpenRoom {
    fileprivate func makeReward() async throws {
        try await command(
            "createReward", made: "Reward",
            "idempotencyKey: \"reward\", roomId: \"\(id)\", title: \"A number\", cost: \"30\", "
                + "input: { number: { min: \"1\", max: \"6\" } }")
    }

    fileprivate func grant(_ points: Int, to participant: String) async throws {
        try await command(
            "grantPoints", made: "PointsTransfer",
            "idempotencyKey: \"\(UUID())\", roomId: \"\(id)\", participantId: \"\(participant)\", "
                + "points: \"\(points)\", reason: \"welcome\"")
    }

    /// Has the caller join, and returns who they are in the room.
    fileprivate func join(_ api: ParlorAPI) async throws -> String {
        try await within { try await api.joinRoom(NewParticipant(roomId: id, name: "Ada")).id }
    }

    /// The one reward, as it stands to the caller.
    fileprivate func reward(for api: ParlorAPI) async throws -> Reward {
        let rewards = try await within { try await api.rewards(inRoom: id) }

        return try XCTUnwrap(rewards.first)
    }
}

extension ParlorClient {
    /// Waits until there is a wallet as wanted.
    fileprivate func sees(_ wanted: @escaping @Sendable (Wallet) -> Bool) async throws -> Wallet {
        try await within {
            for await wallet in self.wallets {
                if let wallet, wanted(wallet) {
                    return wallet
                }
            }
            throw Ended(state: self.connectionState)
        }
    }
}

#if canImport(Observation)
    /// Observes the wallet of the client's viewer until it has `balance`. Returns whose it is.
    @available(iOS 17, macOS 14, *)
    @MainActor
    private func observe(_ client: ParlorClient, untilBalance balance: Int64) async -> String? {
        let own = ObservableWallet(client)
        while own.wallet?.balance != balance {
            await withCheckedContinuation { changed in
                withObservationTracking {
                    _ = own.wallet
                } onChange: {
                    changed.resume()
                }
            }
        }

        return own.wallet?.participantId
    }
#endif

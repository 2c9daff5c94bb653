import Foundation
import Parlor
import XCTest

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A room on a server of its own, and what staff do in it.
struct OpenRoom: Sendable {
    let server: Server
    let api: ParlorAPI
    let id: String

    /// Starts a server with a room. `test` stops it at its end.
    static func make(for test: XCTestCase, anonymousRead: Bool = true) async throws -> OpenRoom {
        let server = try await Server.start()
        test.addTeardownBlock { try await server.stop() }
        let api = try ParlorAPI(server: await server.url, token: await server.makeToken())

        return try await OpenRoom(server: server, api: api, id: "")
            .another(slug: "room-1", anonymousRead: anonymousRead)
    }

    /// Another room on the same server.
    func another(slug: String, anonymousRead: Bool = true) async throws -> OpenRoom {
        let program = HypeTrainProgram(
            kickoffEvents: 2,
            kickoffViewers: 2,
            kickoffWindowMs: 600_000,
            levels: [HypeTrainLevel(goal: 1_200)],
            secondsPerLevel: 600,
            cooldownMs: 0
        )
        let new = NewRoom(
            slug: slug,
            title: "A room",
            state: .open,
            anonymousRead: anonymousRead,
            stageSize: 1,
            hypeTrainProgram: program
        )
        let room = try await within { try await api.createRoom(new) }
        _ = try await within { try await api.startSession(roomID: room.id) }

        return OpenRoom(server: server, api: api, id: room.id)
    }

    /// Gives 5 euros. Returns the contribution's id.
    @discardableResult
    func give(_ number: Int, amount: Int64 = 500) async throws -> String {
        let report = ContributionReport(
            roomId: id,
            idempotencyKey: "\(id)-\(number)",
            kind: .donation,
            amount: amount,
            currency: "EUR",
            viewerId: "viewer-\(number)",
            viewerName: "Viewer \(number)"
        )
        return try await within { try await api.recordContribution(report).id }
    }

    /// Has staff do what the package has no method for, with `input` as GraphQL has it. Returns the id of the
    /// `made`.
    @discardableResult
    func command(_ field: String, made: String, _ input: String) async throws -> String {
        let mutation = "mutation { \(field)(input: { \(input) }) { ... on \(made) { id } } }"
        var request = URLRequest(url: await server.url.appendingPathComponent("graphql"))
        request.httpMethod = "POST"
        request.httpBody = try JSONSerialization.data(withJSONObject: ["query": mutation])
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        request.setValue("Bearer \(try await server.makeToken())", forHTTPHeaderField: "authorization")
        let asked = request
        let body = try await within { try await URLSession.shared.data(for: asked).0 }
        let answer = try JSONSerialization.jsonObject(with: body) as? [String: Any]
        let data = answer?["data"] as? [String: [String: Any]]
        guard let id = data?[field]?["id"] as? String else {
            throw Server.Failed(said: String(decoding: body, as: UTF8.self))
        }
        return id
    }

    /// A client that follows the room. Ends when it is let go.
    func follow(
        placement: Placement = .companion,
        token: String? = nil,
        redemptionsFolder: URL? = nil,
        tokenProvider: TokenProvider? = nil
    ) async throws -> ParlorClient {
        try ParlorClient(
            server: await server.url,
            roomID: id,
            placement: placement,
            token: token,
            redemptionsFolder: redemptionsFolder,
            tokenProvider: tokenProvider
        )
    }
}

extension ParlorClient {
    /// The next delivery, which must come.
    func nextDelivery() async throws -> Delivery {
        try await within {
            for await delivery in self.deliveries {
                return delivery
            }
            throw Ended(state: self.connectionState)
        }
    }

    /// Whatever events come until there are enough.
    func events(until enough: @escaping @Sendable ([RoomEvent]) -> Bool) async throws -> [RoomEvent] {
        try await within {
            var events: [RoomEvent] = []
            for await delivery in self.deliveries {
                if case .event(let event, _) = delivery {
                    events.append(event)
                }
                if enough(events) {
                    return events
                }
            }
            throw Ended(state: self.connectionState)
        }
    }

    /// The first state that is one of those looked for.
    func state(where wanted: @escaping @Sendable (ConnectionState) -> Bool) async throws
        -> ConnectionState
    {
        try await within {
            for await state in self.connectionStates where wanted(state) {
                return state
            }
            throw Ended(state: self.connectionState)
        }
    }

    /// The client ended before what was waited for came.
    struct Ended: Error {
        let state: ConnectionState
    }
}

/// The ids of the contributions among the events.
func gifts(_ events: [RoomEvent]) -> [String] {
    events.compactMap { event in
        guard case .contributionReceived(let contribution) = event.kind else { return nil }
        return contribution.id
    }
}

/// What the hype train had after each of its events.
func totals(_ events: [RoomEvent]) -> [Int64] {
    events.compactMap { event in
        guard case .hypeTrainChanged(_, let train) = event.kind else { return nil }
        return train.total
    }
}

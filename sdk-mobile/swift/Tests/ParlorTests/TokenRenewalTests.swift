import ParlorNative
import XCTest

@testable import Parlor

/// Tokens that are refused or about to expire, in a room that is not for everyone.
final class TokenRenewalTests: XCTestCase {
    func testARefusedTokenIsReplaced() async throws {
        let room = try await OpenRoom.make(for: self, anonymousRead: false)
        let desk = TokenDesk(room.server)
        let client = try await room.follow(token: "nonsense") { try await desk.token(for: $0) }
        _ = try await client.nextDelivery()

        let asked = await desk.asked
        XCTAssertEqual(asked, [.refused])
    }

    func testATokenThatExpiresIsReplacedWithoutAGap() async throws {
        let room = try await OpenRoom.make(for: self, anonymousRead: false)
        let desk = TokenDesk(room.server)
        let first = try await room.server.makeToken(lifetime: "30s")
        let client = try await room.follow(token: first) { try await desk.token(for: $0) }
        _ = try await client.nextDelivery()
        let asked = try await within { await desk.firstAsked() }
        let given = try await room.give(1)
        let events = try await client.events { gifts($0).count == 1 }

        guard case .expiring(let expiresAt) = asked else {
            return XCTFail("asked for \(asked)")
        }
        XCTAssertGreaterThan(Double(expiresAt) / 1_000, Date().timeIntervalSince1970)
        XCTAssertEqual(gifts(events), [given])
    }

    func testAProviderThatFailsIsAskedAgain() async throws {
        try await askAgain(after: TokenDesk.Closed())
    }

    func testAProviderThatGivesUpIsAskedAgain() async throws {
        try await askAgain(after: CancellationError())
    }

    private func askAgain(after failure: any Error) async throws {
        let room = try await OpenRoom.make(for: self, anonymousRead: false)
        let desk = TokenDesk(room.server, failures: 2, failure: failure)
        let native = try await ParlorNative.Client.connect(
            config: Config(
                server: room.server.url.absoluteString, roomId: room.id, placement: .companion,
                token: "nonsense"))
        let renewal = TokenRenewal(
            client: native,
            provider: { try await desk.token(for: $0) },
            firstRetryDelay: 0.001
        )
        let running = Task { await renewal.run() }
        _ = try await within { await Consumer(native.deliveries()).next() }
        native.stop()
        try await within { await running.value }

        let asked = await desk.asked
        XCTAssertEqual(asked, [.refused, .refused, .refused])
    }
}

/// Where an application gets its tokens.
private actor TokenDesk {
    private(set) var asked: [TokenRequestReason] = []
    private let server: Server
    private let failure: any Error
    private var failures: Int
    private var lookouts: [CheckedContinuation<TokenRequestReason, Never>] = []

    init(_ server: Server, failures: Int = 0, failure: any Error = Closed()) {
        self.server = server
        self.failures = failures
        self.failure = failure
    }

    func token(for request: TokenRequest) async throws -> String {
        asked.append(request.reason)
        lookouts.forEach { $0.resume(returning: request.reason) }
        lookouts = []
        if failures > 0 {
            failures -= 1
            throw failure
        }
        return try await server.makeToken()
    }

    struct Closed: Error {}

    func firstAsked() async -> TokenRequestReason {
        if let first = asked.first {
            return first
        }
        return await withCheckedContinuation { lookouts.append($0) }
    }
}

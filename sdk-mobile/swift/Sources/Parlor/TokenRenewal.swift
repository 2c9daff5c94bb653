import Foundation
import ParlorNative

/// Gets a token from the application's own server when the client needs another: the present one is
/// about to expire, or was refused.
///
/// If it throws, whatever that is, it is asked again after a while, for as long as the need lasts.
public typealias TokenProvider = @Sendable (TokenRequest) async throws -> String

/// Answers a client's requests for a token, one after another.
struct TokenRenewal: Sendable {
    let client: ParlorNative.Client
    let provider: TokenProvider
    var firstRetryDelay = Self.firstRetryDelay

    /// Soon enough for a viewer who is waiting.
    private static let firstRetryDelay: TimeInterval = 1
    /// Seldom enough for a server that is down, with all its viewers asking.
    private static let retryDelayMax: TimeInterval = 60

    /// Runs until the client has ended or the task is cancelled.
    func run() async {
        while let request = await client.nextTokenRequest(), !Task.isCancelled {
            await answer(request)
        }
    }

    private func answer(_ request: TokenRequest) async {
        var delay = firstRetryDelay
        while !Task.isCancelled {
            do {
                return client.setToken(token: try await provider(request))
            } catch {
                // A cancellation of the provider's own, such as of its timeout, is a failure like any other.
                try? await Task.sleep(nanoseconds: UInt64(delay * 1_000_000_000))
                delay = min(2 * delay, Self.retryDelayMax)
            }
        }
    }
}

extension ParlorNative.Client {
    /// Waits until another token is needed. Returns nothing once the client has ended.
    func nextTokenRequest() async -> TokenRequest? {
        while await waitForTokenRequest() {
            if let request = takeTokenRequest() {
                return request
            }
        }
        return nil
    }
}

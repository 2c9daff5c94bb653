import Foundation
import Parlor

/// Follows a room from the terminal: one line for everything that happens, when it is due.
@main
enum Follow {
    static func main() async {
        do {
            try await follow(Options(CommandLine.arguments.dropFirst()))
        } catch {
            complain("error: \(error.localizedDescription)")
            exit(1)
        }
    }

    private static func follow(_ options: Options) async throws {
        let client = try ParlorClient(
            server: options.server,
            roomID: options.room,
            placement: options.placement,
            token: options.token
        )
        async let failure = watchConnection(of: client)
        async let _ = options.token == nil ? () : watchWallet(of: client)

        for await delivery in client.deliveries {
            switch delivery {
            case .event(let event, _): say("\(event.seq)  \(describe(event))")
            case .stateReplaced(let room): say("now  \(describe(room))")
            case .presenceChanged(let count): say("now  \(count) online")
            }
        }

        if let failure = await failure {
            throw Complaint("the server refuses this client: \(describe(failure))")
        }
    }

    /// Says what the viewer has.
    private static func watchWallet(of client: ParlorClient) async {
        for await case let wallet? in client.wallets {
            let held = wallet.held > 0 ? ", \(wallet.held) of them held" : ""
            say("now  \(wallet.balance) points\(held)")
        }
    }

    /// Says what keeps the client from its room. Returns why, if the server refuses it.
    private static func watchConnection(of client: ParlorClient) async -> Failure? {
        for await state in client.connectionStates {
            if case .waiting(_, let reason) = state {
                complain("not connected: \(reason); trying again")
            }
            if case .refused(let failure) = state {
                // A refused token could be replaced by another; this program has none.
                client.stop()
                return failure
            }
        }

        return nil
    }

    /// Unlike `print`, at once, also into a pipe.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    private static func complain(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}

import Foundation

/// The checkout, from the package's place in it or in `target`.
let checkout = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent()
    .appendingPathComponent("../../../..")
    .standardizedFileURL

/// A real server on a port and a database of its own.
actor Server {
    private let folder: URL
    private let environment: [String: String]
    private var address = "127.0.0.1:0"
    private var tenant: String?
    private var program: Program?

    static func start() async throws -> Server {
        let server = try Server()
        try await server.launch()
        return server
    }

    private init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("parlor-swift-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        environment = ProcessInfo.processInfo.environment.merging([
            "PARLOR_JWT_SECRET": "a secret that is long enough for tests",
            "PARLOR_DATABASE": "sqlite://\(folder.path)/parlor.db",
        ]) { _, ours in ours }
    }

    var url: URL { URL(string: "http://\(address)")! }

    /// Starts it, on the same port and database as before.
    func launch() async throws {
        let program = try Program(["serve", "--listen", address], environment, in: folder)
        self.program = program
        let line = try await within { await program.output.line() }
        guard let start = line.range(of: "http://")?.upperBound else {
            throw Failed(said: line)
        }
        address = String(line[start...].prefix { !$0.isWhitespace })
    }

    /// Ends it as a power cut would.
    func kill() async throws {
        guard let program else { return }
        self.program = nil
        try await within { await program.kill() }
    }

    func stop() async throws {
        try await kill()
        try FileManager.default.removeItem(at: folder)
    }

    /// Makes a token for the staff of the one tenant that this server has, or for one of its viewers.
    /// `lifetime` is a number with a unit, such as `2s`.
    func makeToken(lifetime: String = "1h", viewer: String? = nil) async throws -> String {
        let whose = tenant.map { ["--tenant", $0] } ?? ["--create-tenant", "swift"]
        let role = viewer.map { ["--subject", $0] } ?? ["--role", "staff", "--subject", "tester"]
        let arguments = ["token", "--ttl", lifetime] + role
        let program = try Program(arguments + whose, environment, in: folder)
        let token = try await within { await program.output.line() }
        guard !token.isEmpty else {
            throw Failed(said: "no token")
        }
        if tenant == nil {
            let line = try await within { await program.complaints.line() }
            tenant = line.split(separator: " ").last.map(String.init)
        }
        return token
    }

    /// The server's program did not do what it should.
    struct Failed: Error {
        let said: String
    }
}

/// The server's program, running.
private final class Program: Sendable {
    let output = Output()
    let complaints = Output()
    private let process: Process
    private let end: AsyncStream<Void>

    init(_ arguments: [String], _ environment: [String: String], in folder: URL) throws {
        let (end, ending) = AsyncStream<Void>.makeStream()
        self.end = end
        process = Process()
        process.executableURL =
            environment["PARLOR_BIN"].map { URL(fileURLWithPath: $0) }
            ?? checkout.appendingPathComponent("target/debug/parlor")
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = folder
        process.standardOutput = output.pipe
        process.standardError = complaints.pipe
        process.terminationHandler = { _ in ending.finish() }
        try process.run()
    }

    func kill() async {
        Foundation.kill(process.processIdentifier, SIGKILL)
        for await _ in end {}
    }
}

/// What a program writes.
private struct Output: Sendable {
    let pipe = Pipe()

    /// Waits for a line; an empty one if it writes none.
    func line() async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var line = Data()
                while let byte = try? pipe.fileHandleForReading.read(upToCount: 1),
                    byte != Data("\n".utf8)
                {
                    line += byte
                }
                continuation.resume(returning: String(decoding: line, as: UTF8.self))
            }
        }
    }
}

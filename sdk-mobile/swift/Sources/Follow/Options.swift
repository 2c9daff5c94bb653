import Foundation
import Parlor

/// What the program was asked to do.
struct Options {
    private(set) var server = URL(string: "http://127.0.0.1:8080")!
    private(set) var room = ""
    private(set) var token = ProcessInfo.processInfo.environment["PARLOR_TOKEN"]
    private(set) var placement = Placement.companion

    private static let usage =
        "usage: parlor-follow --room ID [--server URL] [--token TOKEN] [--placement source|companion]"

    init(_ arguments: some Sequence<String>) throws {
        var arguments = arguments.makeIterator()
        while let name = arguments.next() {
            guard let value = arguments.next() else {
                throw Complaint(Self.usage)
            }
            switch (name, value) {
            case ("--room", _): room = value
            case ("--token", _): token = value
            case ("--placement", "companion"): placement = .companion
            case ("--placement", "source"): placement = .source
            case ("--server", _):
                guard let url = URL(string: value) else {
                    throw Complaint("\(value) is not an address such as http://127.0.0.1:8080")
                }
                server = url
            default: throw Complaint(Self.usage)
            }
        }
        if room.isEmpty {
            throw Complaint(Self.usage)
        }
    }
}

/// Why the program ends before its time.
struct Complaint: LocalizedError {
    let errorDescription: String?

    init(_ text: String) {
        errorDescription = text
    }
}

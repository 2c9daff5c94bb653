import Parlor
import XCTest

final class RefusalTests: XCTestCase {
    func testRefusalsSayWhy() async throws {
        let room = try await OpenRoom.make(for: self)

        await assertThrows(try await room.give(1, amount: 0)) { (error: CommandError) in
            guard case .invalid(_, let field, _) = error else { return XCTFail("\(error)") }
            XCTAssertEqual(field, "amount")
        }
        try await room.give(2)
        await assertThrows(try await room.give(2, amount: 700)) { (error: CommandError) in
            guard case .conflict = error else { return XCTFail("\(error)") }
        }
        let stranger = try ParlorAPI(server: await room.server.url, token: "nonsense")
        await assertThrows(try await stranger.room(id: room.id)) { (error: QueryError) in
            guard case .forbidden = error else { return XCTFail("\(error)") }
        }
        try await room.server.kill()
        await assertThrows(try await room.api.room(id: room.id)) { (error: QueryError) in
            guard case .unreachable = error else { return XCTFail("\(error)") }
            XCTAssertTrue(
                error.localizedDescription.hasPrefix("the server could not be reached: "),
                error.localizedDescription
            )
        }
    }

    func testWhatIsNoAddressIsRefusedAtOnce() throws {
        let url = try XCTUnwrap(URL(string: "ftp://parlor.example.com"))
        let isRefused = { (error: Error) in
            guard case ServerURLError.malformed(let malformed, _) = error else {
                return XCTFail("\(error)")
            }
            XCTAssertEqual(malformed, url.absoluteString)
        }

        XCTAssertThrowsError(try ParlorAPI(server: url), "", isRefused)
        XCTAssertThrowsError(
            try ParlorClient(server: url, roomID: "", placement: .source), "", isRefused)
    }

    private func assertThrows<Value, Failure: Error>(
        _ operation: @autoclosure () async throws -> Value,
        _ inspect: (Failure) -> Void
    ) async {
        do {
            _ = try await operation()
            XCTFail("nothing was thrown")
        } catch let error as Failure {
            inspect(error)
        } catch {
            XCTFail("\(error)")
        }
    }
}

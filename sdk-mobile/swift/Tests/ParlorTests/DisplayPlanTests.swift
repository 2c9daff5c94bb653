import ParlorRehearsal
import XCTest

/// What the core shows through bindings of this kind, and when, for sessions that were recorded: the
/// same, byte for byte, as on every other platform.
final class DisplayPlanTests: XCTestCase {
    func testEveryRecordingIsShownAsEverywhereElse() throws {
        let plans = checkout.appendingPathComponent("fixtures/plans")
        let recordings = try FileManager.default
            .contentsOfDirectory(at: plans, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
        XCTAssertGreaterThanOrEqual(recordings.count, 5, "there are recordings to rehearse")

        for recording in recordings {
            let plan = try rehearse(recording: String(contentsOf: recording, encoding: .utf8))
            let expected = try Data(
                contentsOf: recording.deletingPathExtension().appendingPathExtension("plan"))
            XCTAssertEqual(Data(plan.utf8), expected, recording.lastPathComponent)
        }
    }

    func testWhatIsNoRecordingIsAnError() {
        XCTAssertThrowsError(try rehearse(recording: "{")) { error in
            guard case RehearsalError.Malformed(let message) = error else {
                return XCTFail("\(error)")
            }
            XCTAssertTrue(message.contains("malformed"), message)
        }
    }
}

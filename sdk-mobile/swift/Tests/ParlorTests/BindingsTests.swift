import ParlorNative
import XCTest

final class BindingsTests: XCTestCase {
    /// Ends the process if the generated code and the library are of different builds, which would
    /// otherwise work together until they do not.
    func testTheBindingsAreThoseOfTheLibrary() {
        uniffiEnsureParlorInitialized()
    }
}

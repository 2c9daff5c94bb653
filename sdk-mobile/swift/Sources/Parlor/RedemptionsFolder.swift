import Foundation

extension URL {
    /// The path of a folder of redemptions, which is kept out of backups where there are any: what was asked for on one
    /// device is not asked for on another, and what viewers typed stays here.
    var pathOfRedemptions: String {
        #if canImport(Darwin)
        // Where it cannot be made or marked, whoever redeems is told, or it is a folder like any other.
        try? FileManager.default.createDirectory(at: self, withIntermediateDirectories: true)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        var folder = self
        try? folder.setResourceValues(values)
        #endif

        return path
    }
}

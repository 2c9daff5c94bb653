import Foundation
import Parlor

/// What there is to say of a train.
struct TrainLine {
    private let train: HypeTrain

    init(_ train: HypeTrain) {
        self.train = train
    }

    var headline: String {
        switch train.phase {
        case .approaching: "A hype train is coming: \(train.kickoffEventsNeeded) to go"
        case .running: "Hype train, level \(train.level)"
        case .ended: "The train reached level \(train.level)"
        case .unknown: "Hype train"
        }
    }

    /// Names are text as people typed it.
    var caption: String? {
        if let reward = train.nextReward, train.phase == .running {
            return "Next: \(reward)"
        }
        return train.topContributor?.name.map { "\($0) leads" }
    }

    var fraction: Double {
        train.goal > 0 ? min(Double(train.progress) / Double(train.goal), 1) : 0
    }

    func countdown(_ remaining: TimeInterval?) -> String? {
        guard let remaining, train.phase == .running else { return nil }
        let seconds = Int(remaining.rounded(.up))

        return String(format: "%d:%02d", seconds / 60, seconds % 60)
    }
}

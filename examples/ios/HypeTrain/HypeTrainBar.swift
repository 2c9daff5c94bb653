import Parlor
import SwiftUI

/// A train: its level, how full it is, and how long it still runs.
struct HypeTrainBar: View {
    let train: HypeTrain
    let remaining: TimeInterval?

    var body: some View {
        let line = TrainLine(train)

        VStack(alignment: .leading, spacing: 8) {
            HStack {
                Text(line.headline).font(.headline)
                Spacer()
                if let countdown = line.countdown(remaining) {
                    Text(countdown).monospacedDigit()
                }
            }
            ProgressView(value: line.fraction)
                .tint(.purple)
            if let caption = line.caption {
                Text(verbatim: caption).font(.caption)
            }
        }
        .padding()
        .background(.ultraThinMaterial, in: RoundedRectangle(cornerRadius: 16))
        .accessibilityElement(children: .combine)
    }
}

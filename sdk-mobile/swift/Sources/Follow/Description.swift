import Foundation
import Parlor

func describe(_ kind: EventKind) -> String {
    switch kind {
    case .sessionStarted(let session):
        "the stream is live, \(Double(session.delayMs) / 1_000) s behind"
    case .sessionEnded:
        "the stream has ended"
    case .contributionReceived(let gift):
        "\(gift.name.map(plain) ?? "somebody") gives \(gift.hype) hype"
    case .hypeTrainChanged(let change, let train):
        "hype train \(change): level \(train.level), \(train.progress) of \(train.goal)"
    default:
        "the room has changed"
    }
}

func describe(_ room: Room) -> String {
    let title = room.profile.map { plain($0.title) } ?? "?"
    let train = room.train.map { ", hype train at level \($0.level)" } ?? ""

    return title + train
}

/// What a person typed, without the characters that would move the cursor.
private func plain(_ typed: String) -> String {
    String(
        String.UnicodeScalarView(
            typed.unicodeScalars.map { CharacterSet.controlCharacters.contains($0) ? "\u{fffd}" : $0 }
        ))
}

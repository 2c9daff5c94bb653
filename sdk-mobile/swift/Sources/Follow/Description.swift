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
        "hype train \(words(change)): level \(train.level), \(train.progress) of \(train.goal)"
    case .roomUpdated(let profile):
        "the room is now \"\(plain(profile.title))\""
    }
}

func describe(_ room: Room) -> String {
    let title = room.profile.map { plain($0.title) } ?? "?"
    let train = room.train.map { ", hype train at level \($0.level)" } ?? ""

    return title + train
}

func describe(_ failure: Failure) -> String {
    switch failure {
    case .roomNotFound: "there is no such room, or this token may not read it"
    case .signInRequired: "it wants a valid token (--token)"
    case .incompatible(let code): "it speaks another protocol (close code \(code))"
    }
}

private func words(_ change: HypeTrainChange) -> String {
    "\(change)".reduce(into: "") { words, letter in
        words += letter.isUppercase ? " \(letter.lowercased())" : String(letter)
    }
}

/// What a person typed, without the characters that would move the cursor.
private func plain(_ typed: String) -> String {
    String(
        String.UnicodeScalarView(
            typed.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : $0 }
        ))
}

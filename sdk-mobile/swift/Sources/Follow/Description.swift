import Foundation
import Parlor

func describe(_ event: RoomEvent) -> String {
    switch event.kind {
    case .sessionChanged(let change, let session):
        switch change {
        case .started: "the stream is live, \(Double(session.delayMs) / 1_000) s behind"
        case .interrupted: "the stream is away"
        case .resumed: "the stream is back"
        case .ended: "the stream has ended"
        }
    case .participantChanged(let change, let person):
        "\(plain(person.name)) \(describe(change, person))"
    case .contributionReceived(let gift):
        "\(gift.name.map(plain) ?? "somebody") gives \(gift.hype) hype"
    case .hypeTrainChanged(let change, let train):
        "hype train \(words(change)): level \(train.level), \(train.progress) of \(train.goal)"
    case .roomUpdated(let room):
        "the room is now \"\(plain(room.title))\""
    default:
        "something new happens: \(plain(event.typeName))"
    }
}

func describe(_ room: Room) -> String {
    let title = room.profile.map { plain($0.title) } ?? "?"
    let onStage = ([room.stage.host].compactMap { $0 } + room.stage.speakers).map { plain($0.name) }
    let stage = onStage.isEmpty ? "" : ", on the stage: \(onStage.joined(separator: ", "))"
    let online = room.onlineCount.map { ", \($0) online" } ?? ""
    let train = room.train.map { ", hype train at level \($0.level)" } ?? ""

    return title + online + stage + train
}

func describe(_ failure: Failure) -> String {
    switch failure {
    case .roomNotFound: "there is no such room, or this token may not read it"
    case .signInRequired: "it wants a valid token (--token)"
    case .incompatible(let code): "it speaks another protocol (close code \(code))"
    }
}

private func describe(_ change: ParticipantChange, _ person: ParticipantProfile) -> String {
    switch change {
    case .joined: "comes in"
    case .left: "leaves"
    case .removed: "is put out of the room"
    case .updated: "has another name now"
    case .roleChanged: "is \(words(person.role)) by role now"
    case .stageChanged: describe(person.stageRole)
    case .presenceChanged: person.isOnline ? "is here" : "is away"
    }
}

private func describe(_ place: StageRole) -> String {
    switch place {
    case .audience: "is in the audience now"
    case .requested: "asks for the stage"
    case .invited: "is invited to the stage"
    case .speaker: "is on the stage"
    case .host: "is the host"
    case .unknown: "is somewhere new"
    }
}

/// A case's name, such as `leveledUp`, in words.
private func words<Case>(_ case: Case) -> String {
    "\(`case`)".reduce(into: "") { words, letter in
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

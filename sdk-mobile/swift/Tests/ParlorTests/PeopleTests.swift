import Parlor
import XCTest

/// Two people and a stage on the real server, each seeing what the other does.
final class PeopleTests: XCTestCase {
    func testTwoPeopleMeetOnTheStage() async throws {
        let room = try await OpenRoom.make(for: self)
        let ada = try await Person.enter(room, name: "ada")
        let ben = try await Person.enter(room, name: "ben")
        try await ben.sees { $0.onlineCount == 2 && $0.participants.allSatisfy(\.isOnline) }
        try await ada.act { try await $0.requestStage($1) }
        try await ben.sees { names($0.stage.queue) == ["ada"] }

        try await ada.act(by: room.api) { try await $0.inviteToStage($1) }
        try await ada.act { try await $0.joinStage($1) }
        try await ben.sees { names($0.stage.speakers) == ["ada"] }
        try await ada.act(by: room.api) { try await $0.handOverHost(to: $1, from: nil) }
        try await ben.sees { $0.stage.host?.name == "ada" }

        XCTAssertTrue(ben.client.room.stage.isLive)
        XCTAssertEqual(names(ben.client.room.participants), ["ada", "ben"])
        let stage = try await within { try await ben.client.api.stage(ofRoom: room.id) }
        XCTAssertEqual(stage?.size, 1)
        let left = try await within { try await ada.client.api.leaveRoom(roomID: room.id) }
        XCTAssertEqual(left.membership, .left)
        try await ben.sees { names($0.participants) == ["ben"] }
        XCTAssertNil(ben.client.room.stage.host)
        try await ben.sees { $0.onlineCount == 1 }
    }

    func testARefusalNamesTheRule() async throws {
        let room = try await OpenRoom.make(for: self)
        let ada = try await Person.enter(room, name: "ada")
        let ben = try await Person.enter(room, name: "ben")
        let before = try await ada.known()
        try await ada.act { try await $0.requestStage($1) }

        await assertRefused { try await ada.client.api.withdrawStageRequest(before) } as: {
            if case .stale = $0 { true } else { false }
        }
        await assertRefused {
            try await ben.act(by: ada.client.api) { try await $0.inviteToStage($1) }
        } as: {
            if case .forbidden(_, "CAPABILITY_MISSING") = $0 { true } else { false }
        }
        for person in [ada, ben] {
            try await person.act(by: room.api) { try await $0.inviteToStage($1) }
        }
        try await ada.act { try await $0.joinStage($1) }
        await assertRefused { try await ben.act { try await $0.joinStage($1) } } as: {
            if case .conflict(_, "STAGE_FULL") = $0 { true } else { false }
        }
    }

    func testAuthorityIsGivenAndTold() async throws {
        let room = try await OpenRoom.make(for: self)
        let ada = try await Person.enter(room, name: "ada")
        let ben = try await Person.enter(room, name: "ben")
        try await ada.act(by: room.api) { try await $0.assignRole(.owner, to: $1) }
        try await ben.act(by: ada.client.api) {
            try await $0.grant(NewCapabilityTerms(.stageInvite, reason: "helps out"), to: $1)
        }

        let access = try await within { try await ben.client.api.access(toRoom: room.id) }
        XCTAssertTrue(access.capabilities.contains(.stageInvite))
        XCTAssertEqual(access.participant?.privateDetails?.grants.map(\.reason), ["helps out"])
        let seen = try await within { try await ben.client.api.participant(id: ada.id) }
        XCTAssertNil(seen?.privateDetails)
        try await ben.act(by: ada.client.api) { try await $0.remove($1, reason: "was rude") }
        await assertRefused {
            try await ben.client.api.joinRoom(NewParticipant(roomId: room.id, name: "ben"))
        } as: {
            if case .conflict(_, "PARTICIPANT_REMOVED") = $0 { true } else { false }
        }
        let trail = try await within {
            try await ada.client.api.audit(AuditQuestion(roomId: room.id))
        }
        XCTAssertEqual(trail.entries.map(\.action), [.roleAssigned, .capabilityGranted, .removed])
    }

    func testWhatRenewsAClientsTokenRenewsThatOfItsCommands() async throws {
        let room = try await OpenRoom.make(for: self, anonymousRead: false)
        let client = try await room.follow(token: "nonsense")
        do {
            _ = try await within { try await client.api.access(toRoom: room.id) }
            XCTFail("nothing was thrown")
        } catch QueryError.forbidden(_, let code) {
            XCTAssertEqual(code, "UNAUTHENTICATED")
        }

        client.setToken(try await room.server.makeToken(viewer: "ada"))
        _ = try await client.nextDelivery()
        let new = NewParticipant(roomId: room.id, name: "ada")
        let ada = try await within { try await client.api.joinRoom(new) }
        XCTAssertEqual(ada.name, "ada")
    }

    private func assertRefused<Value: Sendable>(
        _ command: @escaping @Sendable () async throws -> Value,
        as wanted: (CommandError) -> Bool
    ) async {
        do {
            _ = try await within { try await command() }
            XCTFail("nothing was refused")
        } catch let error as CommandError {
            XCTAssertTrue(wanted(error), "\(error)")
        } catch {
            XCTFail("\(error)")
        }
    }
}

/// Somebody who has joined a room and follows it.
private struct Person: Sendable {
    let room: OpenRoom
    let client: ParlorClient
    let id: String

    /// Has `name` join the room and follow it.
    static func enter(_ room: OpenRoom, name: String) async throws -> Person {
        let client = try await room.follow(token: try await room.server.makeToken(viewer: name))
        let new = NewParticipant(roomId: room.id, name: name)
        let participant = try await within { try await client.api.joinRoom(new) }
        let person = Person(room: room, client: client, id: participant.id)
        try await person.sees { names($0.participants).contains(name) }

        return person
    }

    /// The person as they are now.
    func known() async throws -> KnownParticipant {
        let now = try await within { try await client.api.participant(id: id) }

        return KnownParticipant(try XCTUnwrap(now), inRoom: room.id)
    }

    /// Has `command` done to the person as they are now, by themselves unless `by` another.
    func act(
        by api: ParlorAPI? = nil,
        _ command: @escaping @Sendable (ParlorAPI, KnownParticipant) async throws -> Participant
    ) async throws {
        let known = try await known()
        _ = try await within { try await command(api ?? client.api, known) }
    }

    /// Waits until the room that the person follows is as wanted.
    func sees(_ wanted: (Room) -> Bool) async throws {
        while !wanted(client.room) {
            _ = try await client.nextDelivery()
        }
    }
}

private func names(_ people: [ParticipantProfile]) -> [String] {
    people.map(\.name)
}

// What the client asks of `/graphql`. Tests hold each of these against schema.graphql.

const PARTICIPANT = `fragment ParticipantFields on Participant {
  id name role membership stageRole requestedSeq isListed isOnline version joinedAt leftAt
  private { viewerId capabilities }
}`;

const mutation = (name, input) => `mutation ($input: ${input}!) {
  result: ${name}(input: $input) {
    __typename
    ... on Participant { ...ParticipantFields }
    ... on Error { code message }
    ... on ValidationError { field constraint }
  }
}
${PARTICIPANT}`;

/** Every mutation of a participant, by its name in the schema. */
export const MUTATIONS = Object.fromEntries(
  Object.entries({
    joinRoom: "JoinRoomInput",
    leaveRoom: "LeaveRoomInput",
    renameParticipant: "RenameParticipantInput",
    removeParticipant: "RemoveParticipantInput",
    readmitParticipant: "ParticipantInput",
    assignRole: "AssignRoleInput",
    grantCapability: "CapabilityTermsInput",
    denyCapability: "CapabilityTermsInput",
    clearCapabilityGrant: "ClearCapabilityInput",
    clearCapabilityDenial: "ClearCapabilityInput",
    requestStage: "ParticipantInput",
    withdrawStageRequest: "ParticipantInput",
    inviteToStage: "ParticipantInput",
    declineStage: "ParticipantInput",
    joinStage: "ParticipantInput",
    leaveStage: "ParticipantInput",
    moveToAudience: "ParticipantInput",
    handOverHost: "HandOverHostInput",
  }).map(([name, input]) => [name, mutation(name, input)]),
);

export const ACCESS = `query ($roomId: ID!) {
  roomAccess(roomId: $roomId) { participant { ...ParticipantFields } capabilities }
}
${PARTICIPANT}`;

export const PARTICIPANT_BY_ID = `query ($id: ID!) {
  participant(id: $id) { ...ParticipantFields }
}
${PARTICIPANT}`;

export const PARTICIPANTS = `query ($roomId: ID!, $page: ConnectionInput, $role: ParticipantRole, $stageRole: StageRole) {
  participantsConnection(roomId: $roomId, page: $page, role: $role, stageRole: $stageRole) {
    nodes { ...ParticipantFields }
    pageInfo { endCursor hasNextPage }
    totalCount
  }
}
${PARTICIPANT}`;

// Written by `cargo xtask codegen` from sdk-core/operations: what the client asks of `/graphql`.

const FRAGMENTS_0 =
  "fragment Person on Participant { id name role membership stageRole requestedSeq isListed isOnline version joinedAt leftAt private { viewerId capabilities grants { ...Terms } denials { ...Terms } } } fragment Terms on CapabilityTerms { capability expiresAt reason byViewerId }";

/** Each document by the field that it asks for. */
export const OPERATIONS = {
  joinRoom:
    "mutation JoinRoom($input: JoinRoomInput!) { joinRoom(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  leaveRoom:
    "mutation LeaveRoom($input: LeaveRoomInput!) { leaveRoom(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  renameParticipant:
    "mutation RenameParticipant($input: RenameParticipantInput!) { renameParticipant(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  removeParticipant:
    "mutation RemoveParticipant($input: RemoveParticipantInput!) { removeParticipant(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  readmitParticipant:
    "mutation ReadmitParticipant($input: ParticipantInput!) { readmitParticipant(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  assignRole:
    "mutation AssignRole($input: AssignRoleInput!) { assignRole(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  grantCapability:
    "mutation GrantCapability($input: CapabilityTermsInput!) { grantCapability(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  denyCapability:
    "mutation DenyCapability($input: CapabilityTermsInput!) { denyCapability(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  clearCapabilityGrant:
    "mutation ClearCapabilityGrant($input: ClearCapabilityInput!) { clearCapabilityGrant(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  clearCapabilityDenial:
    "mutation ClearCapabilityDenial($input: ClearCapabilityInput!) { clearCapabilityDenial(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  requestStage:
    "mutation RequestStage($input: ParticipantInput!) { requestStage(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  withdrawStageRequest:
    "mutation WithdrawStageRequest($input: ParticipantInput!) { withdrawStageRequest(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  inviteToStage:
    "mutation InviteToStage($input: ParticipantInput!) { inviteToStage(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  declineStage:
    "mutation DeclineStage($input: ParticipantInput!) { declineStage(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  joinStage:
    "mutation JoinStage($input: ParticipantInput!) { joinStage(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  leaveStage:
    "mutation LeaveStage($input: ParticipantInput!) { leaveStage(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  moveToAudience:
    "mutation MoveToAudience($input: ParticipantInput!) { moveToAudience(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  handOverHost:
    "mutation HandOverHost($input: HandOverHostInput!) { handOverHost(input: $input) { __typename ... on Participant { ...Person } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } } " + FRAGMENTS_0,
  roomAccess:
    "query RoomAccess($roomId: ID!) { roomAccess(roomId: $roomId) { participant { ...Person } capabilities } } " + FRAGMENTS_0,
  participant:
    "query Participant($id: ID!) { participant(id: $id) { ...Person } } " + FRAGMENTS_0,
  participantsConnection:
    "query Participants( $roomId: ID! $page: ConnectionInput $role: ParticipantRole $stageRole: StageRole ) { participantsConnection(roomId: $roomId, page: $page, role: $role, stageRole: $stageRole) { nodes { ...Person } pageInfo { endCursor hasNextPage } totalCount } } " + FRAGMENTS_0,
};

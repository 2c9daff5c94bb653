// Points of a room as its staff sees to them.

import { randomUUID } from 'node:crypto';

/** Runs a mutation on `staff`'s server, and returns its result. Throws a refusal. */
async function act(staff, name, inputType, type, fields, input) {
  const { result } = await staff.graphql(
    `mutation($input: ${inputType}!) { result: ${name}(input: $input) {
       __typename ... on ${type} { ${fields} } ... on Error { code message } } }`,
    { input },
  );
  if (result.__typename !== type) throw new Error(`${name}: ${result.code}: ${result.message}`);
  return result;
}

/** Lets a viewer into the room, with so many points. Returns the participant's id. */
export async function admit(staff, room, viewerId, points) {
  const { id } = await act(staff, 'joinRoom', 'JoinRoomInput', 'Participant', 'id', { roomId: room.id, viewerId, name: viewerId });
  if (points) await grant(staff, room, id, points);
  return id;
}

export async function grant(staff, room, participantId, points) {
  const input = { roomId: room.id, idempotencyKey: randomUUID(), participantId, points: String(points), reason: 'a test' };
  return act(staff, 'grantPoints', 'PointsInput', 'PointsTransfer', 'balanceAfter', input);
}

export async function createReward(staff, room, reward) {
  const input = { roomId: room.id, idempotencyKey: randomUUID(), ...reward };
  return act(staff, 'createReward', 'CreateRewardInput', 'Reward', 'id version', input);
}

export async function updateReward(staff, room, { id, version }, changes) {
  return act(staff, 'updateReward', 'UpdateRewardInput', 'Reward', 'id version', { roomId: room.id, rewardId: id, version, ...changes });
}

/** Redeems `reward` as a viewer of the room. */
export async function redeem(staff, room, viewerId, reward, words = null) {
  const token = staff.server.viewerToken(staff.tenantId, viewerId);
  const viewer = Object.create(staff, { token: { value: token } });
  const input = { roomId: room.id, idempotencyKey: randomUUID(), rewardId: reward.id, input: words };
  return act(viewer, 'redeemReward', 'RedeemRewardInput', 'Redemption', 'id status', input);
}

/** Tells for a viewer of the room that their picture stood in the last half minute. */
export async function standStill(staff, room, viewerId) {
  const token = staff.server.viewerToken(staff.tenantId, viewerId);
  const viewer = Object.create(staff, { token: { value: token } });
  const { room: { session } } = await staff.graphql('query($id: ID!) { room(id: $id) { session { id } } }', { id: room.id });
  const at = (ago) => new Date(Date.now() - ago).toISOString();
  const stood = { from: at(30_000), until: at(0), playheadFrom: 7, playheadUntil: 7 };
  const input = { roomId: room.id, sessionId: session.id, spans: [stood] };
  return act(viewer, 'reportWatching', 'ReportWatchingInput', 'WatchReport', 'lease', input);
}

export async function fulfill(staff, room, redemptionId) {
  return act(staff, 'fulfillRedemption', 'SettleRedemptionInput', 'Redemption', 'id status', { roomId: room.id, redemptionId });
}

/** All redemptions of the room, the oldest first. */
export async function redemptions(staff, room) {
  const { redemptionsConnection } = await staff.graphql(
    'query($roomId: ID!) { redemptionsConnection(roomId: $roomId) { nodes { id title cost input status participantId } } }',
    { roomId: room.id },
  );
  return redemptionsConnection.nodes;
}

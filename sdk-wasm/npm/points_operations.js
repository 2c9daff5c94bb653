// Written by `cargo xtask codegen` from sdk-core/operations: what the client asks of `/graphql`.

/** Each document by the field that it asks for. */
export const OPERATIONS = {
  rewards:
    "query Rewards($roomId: ID!) { rewards(roomId: $roomId, asOffered: true) { id title prompt cost color icon isEnabled isPaused autoFulfills redeemableOffline membershipTierMin isAnnounced showsInput input { kind pattern min max choices } availability { titleContains trainLevelMin onlineMin } draw { windowMs winners } openDraw { id closesAt entryCount } standing { canRedeem placesLeft cooldownEndsAt refusal { code message rule } } } }",
  redeemReward:
    "mutation RedeemReward($input: RedeemRewardInput!) { redeemReward(input: $input) { __typename ... on Redemption { id rewardId title cost input status redeemedAt settledAt refunded expiresAt drawnAt } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } ... on ConflictError { message code } } }",
};

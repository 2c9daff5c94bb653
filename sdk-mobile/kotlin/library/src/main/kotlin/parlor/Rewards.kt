package parlor

/** A reward as it is shown, to be redeemed at the cost that is shown. */
fun Reward.inRoom(roomId: String, input: String? = null): NewRedemption =
    NewRedemption(roomId = roomId, rewardId = id, cost = cost, input = input)

-- What a tenant's server notes about a redemption, and a queue of one reward.

ALTER TABLE redemptions ADD COLUMN metadata TEXT;

CREATE INDEX redemptions_by_reward ON redemptions (room_id, reward_id, redeemed_at, id);
CREATE INDEX redemptions_by_reward_and_status
    ON redemptions (room_id, reward_id, status, redeemed_at, id);

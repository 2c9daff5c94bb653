-- What rooms sell for points, and what was bought. A redemption that nobody has seen to holds what it costs:
-- what is held of a member is the sum of these.

ALTER TABLE room_censuses ADD COLUMN rewards BIGINT NOT NULL DEFAULT 0;
ALTER TABLE room_censuses ADD COLUMN enabled_rewards BIGINT NOT NULL DEFAULT 0;

CREATE TABLE rewards (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    version BIGINT NOT NULL,
    terms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    -- How often it was redeemed in that session, and when last.
    session_id UUID,
    count BIGINT NOT NULL,
    last_at BIGINT
);

CREATE INDEX rewards_by_room ON rewards (room_id, created_at, id);

CREATE TABLE reward_uses (
    reward_id UUID NOT NULL,
    number BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    session_id UUID,
    count BIGINT NOT NULL,
    last_at BIGINT,
    PRIMARY KEY (reward_id, number)
);

CREATE TABLE redemptions (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    reward_id UUID NOT NULL,
    participant_id UUID NOT NULL,
    number BIGINT NOT NULL,
    title TEXT NOT NULL,
    cost BIGINT NOT NULL,
    input TEXT,
    status TEXT NOT NULL,
    session_id UUID,
    redeemed_at BIGINT NOT NULL,
    settled_at BIGINT,
    settled_by TEXT
);

CREATE INDEX redemptions_by_time ON redemptions (room_id, redeemed_at, id);
CREATE INDEX redemptions_by_status ON redemptions (room_id, status, redeemed_at, id);
CREATE INDEX redemptions_by_member ON redemptions (room_id, number, redeemed_at, id);

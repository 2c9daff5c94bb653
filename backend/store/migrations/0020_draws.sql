-- Entries that are held for a while, and drawn from. A draw has its seed, which nobody is told before it is drawn, and
-- then its winners. A redemption that is an entry says of which draw, and when it won.

CREATE TABLE draws (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    reward_id UUID NOT NULL,
    -- What the reward was as the draw was opened.
    terms TEXT NOT NULL,
    session_id UUID,
    made_offline BOOLEAN NOT NULL,
    opened_at BIGINT NOT NULL,
    closes_at BIGINT NOT NULL,
    seed BYTEA NOT NULL,
    entries BIGINT NOT NULL,
    drawn_at BIGINT,
    places BIGINT,
    winners TEXT
);

CREATE INDEX draws_by_room ON draws (room_id, opened_at, id);
CREATE INDEX draws_by_reward ON draws (reward_id, opened_at, id);
CREATE INDEX draws_open ON draws (room_id) WHERE drawn_at IS NULL;

ALTER TABLE room_censuses ADD COLUMN open_draws BIGINT NOT NULL DEFAULT 0;

ALTER TABLE redemptions ADD COLUMN draw_id UUID;
ALTER TABLE redemptions ADD COLUMN drawn_at BIGINT;

CREATE INDEX redemptions_by_draw ON redemptions (draw_id, redeemed_at, id) WHERE draw_id IS NOT NULL;
CREATE INDEX redemptions_by_entrant ON redemptions (draw_id, number) WHERE draw_id IS NOT NULL;

-- What a member is shown however much else they have redeemed since holds their points.
DROP INDEX redemptions_open_by_member;
CREATE INDEX redemptions_held_by_member ON redemptions (room_id, number, redeemed_at, id)
    WHERE status IN ('unfulfilled', 'entered');

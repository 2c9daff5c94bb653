-- How many batches have changed what somebody has in a room, by which the later of two pictures of a wallet is told;
-- and the open redemptions of a member, who is shown them however much else they have redeemed since.

ALTER TABLE rooms ADD COLUMN wallets BIGINT NOT NULL DEFAULT 0;

CREATE INDEX redemptions_open_by_member ON redemptions (room_id, number, redeemed_at, id)
    WHERE status = 'unfulfilled';

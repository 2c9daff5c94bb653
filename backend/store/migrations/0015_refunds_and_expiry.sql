-- What of a redemption was given back, and by when it expires which nobody has seen to: so long after the
-- session that it was made in, or after it was made if none was live. A room with open ones is looked at when
-- the first of them may expire, which is due work.

ALTER TABLE redemptions ADD COLUMN paid_seq BIGINT;
ALTER TABLE redemptions ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE redemptions ADD COLUMN made_offline BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE redemptions ADD COLUMN expires_after_ms BIGINT NOT NULL DEFAULT 86400000;

UPDATE redemptions SET paid_seq = paid.seq
FROM (SELECT about, seq FROM transfers WHERE kind = 3) paid
WHERE paid.about = redemptions.id;

UPDATE redemptions SET made_offline = TRUE
WHERE session_id IS NULL OR redeemed_at >= (
    SELECT ended_at FROM sessions WHERE sessions.id = redemptions.session_id
);

ALTER TABLE room_censuses ADD COLUMN open_redemptions BIGINT NOT NULL DEFAULT 0;

UPDATE room_censuses SET open_redemptions = (
    SELECT COUNT(*) FROM redemptions
    WHERE redemptions.room_id = room_censuses.room_id AND redemptions.status = 'unfulfilled'
);

INSERT INTO due_work (kind, subject_id, tenant_id, due_at, claim_at)
SELECT 'redemption_expiry', room_id, tenant_id, MIN(redeemed_at), MIN(redeemed_at) FROM redemptions
WHERE status = 'unfulfilled'
GROUP BY room_id, tenant_id;

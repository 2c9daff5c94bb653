-- Points. Every member of a room has a small dense number, given when they first join, by which the books
-- know them; a room's books are a chain of transfers, and beside them stand what each member has and the
-- books' head.

ALTER TABLE participants ADD COLUMN number BIGINT NOT NULL DEFAULT -1;
ALTER TABLE room_censuses ADD COLUMN numbered BIGINT NOT NULL DEFAULT 0;

UPDATE participants SET number = ranked.number
FROM (
    SELECT id, ROW_NUMBER() OVER (PARTITION BY room_id ORDER BY joined_at, id) - 1 AS number
    FROM participants
) ranked
WHERE participants.id = ranked.id;

UPDATE room_censuses SET numbered = (
    SELECT COUNT(*) FROM participants WHERE participants.room_id = room_censuses.room_id
);

CREATE UNIQUE INDEX participants_by_number ON participants (room_id, number);

-- The trail is read in the order of its positions.
DROP INDEX audit_entries_by_time;

CREATE TABLE ledgers (
    room_id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    minted BIGINT NOT NULL,
    burned BIGINT NOT NULL
);

CREATE TABLE balances (
    room_id UUID NOT NULL,
    number BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    points BIGINT NOT NULL,
    held BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    PRIMARY KEY (room_id, number)
);

CREATE TABLE transfers (
    room_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    debit BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    points BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- What it is about, and the position of what it corrects.
    about UUID,
    corrects BIGINT,
    -- Whose balance it changes, and what they have after it.
    number BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    -- Who and why, which is erased with the person; the digest stays.
    actor_id TEXT,
    actor_is_staff BOOLEAN NOT NULL,
    reason TEXT,
    salt UUID,
    authorship_digest BYTEA NOT NULL,
    link BYTEA NOT NULL,
    PRIMARY KEY (room_id, seq)
);

CREATE INDEX transfers_by_member ON transfers (room_id, number, seq);

-- A room's audit trail is a log of its own, which its staff can follow: positions 1, 2, 3 without a
-- gap, and beside the room the last one.

ALTER TABLE audit_entries ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE room_censuses ADD COLUMN audited BIGINT NOT NULL DEFAULT 0;

UPDATE audit_entries SET seq = (
    SELECT COUNT(*) FROM audit_entries earlier
    WHERE earlier.room_id = audit_entries.room_id
        AND (earlier.at < audit_entries.at
            OR (earlier.at = audit_entries.at AND earlier.id <= audit_entries.id))
);

UPDATE room_censuses SET audited = (
    SELECT COUNT(*) FROM audit_entries WHERE audit_entries.room_id = room_censuses.room_id
);

CREATE UNIQUE INDEX audit_entries_by_seq ON audit_entries (room_id, seq);

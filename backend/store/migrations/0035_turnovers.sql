-- What all members of a room together have reserved.
ALTER TABLE ledgers ADD COLUMN held BIGINT NOT NULL DEFAULT 0;

UPDATE ledgers SET held = (
    SELECT CAST(COALESCE(SUM(balances.held), 0) AS BIGINT) FROM balances
    WHERE balances.room_id = ledgers.room_id
);

-- What a room's books moved, by quarters of an hour since 1970 and by what moved it: 0 for watching, or the number of the
-- kind of transfer.
CREATE TABLE turnovers (
    room_id UUID NOT NULL,
    quarter BIGINT NOT NULL,
    mover BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    points BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (room_id, quarter, mover)
);

INSERT INTO turnovers (room_id, tenant_id, quarter, mover, points, count)
SELECT room_id, tenant_id, at / 900000, kind, CAST(SUM(points) AS BIGINT), COUNT(*) FROM transfers
GROUP BY room_id, tenant_id, at / 900000, kind;

INSERT INTO turnovers (room_id, tenant_id, quarter, mover, points, count)
SELECT room_id, tenant_id, at / 900000, 0, CAST(SUM(points) AS BIGINT), COUNT(*) FROM watch_credits
GROUP BY room_id, tenant_id, at / 900000;

-- Who is online. A row says that a person is connected to a node, however many connections they have
-- there, and is written when the first comes and when the last has gone: nothing is written while
-- somebody stays.
--
-- A node holds a lease by beating. Others count how long a node has not beaten on their own, so that
-- no two clocks are compared, and end a lease that ran out for good: what its node left behind is a
-- set that does not grow, and is worked off like departures. A node that finds its lease ended goes
-- on as another.

ALTER TABLE participants ADD COLUMN is_online BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE room_censuses ADD COLUMN online BIGINT NOT NULL DEFAULT 0;
ALTER TABLE room_censuses ADD COLUMN online_changes BIGINT NOT NULL DEFAULT 0;

CREATE TABLE nodes (
    id UUID NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL,
    lease_ms BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE TABLE presences (
    room_id UUID NOT NULL,
    viewer_id TEXT NOT NULL,
    node_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    PRIMARY KEY (room_id, viewer_id, node_id)
);

CREATE INDEX presences_by_node ON presences (node_id, room_id, viewer_id);

-- Sessions that are interrupted and may come back, the settings of rooms, and rooms that are deleted.

ALTER TABLE rooms ADD COLUMN interruption_grace_ms BIGINT NOT NULL DEFAULT 600000;
ALTER TABLE rooms ADD COLUMN admission TEXT NOT NULL DEFAULT 'everyone';

ALTER TABLE sessions ADD COLUMN interrupted_at BIGINT;

CREATE INDEX sessions_by_start ON sessions (room_id, started_at, id);
CREATE INDEX sessions_interrupted ON sessions (interrupted_at) WHERE interrupted_at IS NOT NULL;

CREATE INDEX rooms_by_stream ON rooms (tenant_id, stream_id, created_at, id)
    WHERE stream_id IS NOT NULL;

-- Money that was reported to a room keeps it from being deleted.
CREATE INDEX contributions_by_room ON contributions (room_id, recorded_at, id);

-- Rooms that are gone, as long as there are rows of theirs to clear away: too many for one
-- transaction, if the room was large.
CREATE TABLE deleted_rooms (
    room_id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    deleted_at BIGINT NOT NULL
);

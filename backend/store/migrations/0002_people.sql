-- People in rooms. A participant is a row for ever, so that whoever comes back is who they were; the
-- census beside the room counts them by sort, so that no rule and no reader counts rows.

ALTER TABLE rooms ADD COLUMN stage_size BIGINT NOT NULL DEFAULT 10;

CREATE TABLE room_censuses (
    room_id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    joined BIGINT NOT NULL,
    owners BIGINT NOT NULL,
    role_holders BIGINT NOT NULL,
    on_stage BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
    host_id UUID
);

CREATE TABLE participants (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    viewer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    membership TEXT NOT NULL,
    stage_role TEXT NOT NULL,
    requested_seq BIGINT,
    overrides TEXT NOT NULL,
    is_listed BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    joined_at BIGINT NOT NULL,
    left_at BIGINT,
    CONSTRAINT participants_viewer_unique UNIQUE (room_id, viewer_id)
);

CREATE INDEX participants_by_joining ON participants (room_id, joined_at, id)
    WHERE membership = 'joined';

-- The few whom a room knows by more than being there; both are bounded, whatever the audience.
CREATE INDEX participants_by_stage_role ON participants (room_id, stage_role)
    WHERE stage_role <> 'audience';
CREATE INDEX participants_by_role ON participants (room_id, role) WHERE role <> 'member';

CREATE TABLE audit_entries (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    at BIGINT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_is_staff BOOLEAN NOT NULL,
    participant_id UUID NOT NULL,
    action TEXT NOT NULL
);

CREATE INDEX audit_entries_by_time ON audit_entries (room_id, at, id);

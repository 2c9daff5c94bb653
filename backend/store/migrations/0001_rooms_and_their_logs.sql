-- A room's row is its lock and the head of its log, so that one UPDATE takes the lock and says where
-- the next event goes. Everything else is read under that lock.
--
-- One text for both engines. SQLite takes the names UUID, BYTEA and BOOLEAN as they are: a blob and
-- an integer stay what they are under the affinity it derives from them.
--
-- Tables that grow with the audience have no foreign keys: their rows are written under the lock of
-- a room that exists, and a check for each row would cost more than it can find.

CREATE TABLE tenants (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE rooms (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    stream_id TEXT,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    delay_ms BIGINT NOT NULL,
    ingest_offset_ms BIGINT NOT NULL,
    anonymous_read BOOLEAN NOT NULL,
    program TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    epoch UUID NOT NULL,
    head_seq BIGINT NOT NULL,
    last_occurred_at BIGINT NOT NULL,
    last_display_at BIGINT NOT NULL,
    first_kept_seq BIGINT NOT NULL,
    keyframe_seq BIGINT NOT NULL,
    session_id UUID,
    CONSTRAINT rooms_slug_unique UNIQUE (tenant_id, slug),
    CONSTRAINT rooms_head_within_log CHECK (head_seq >= first_kept_seq - 1)
);

CREATE INDEX rooms_by_creation ON rooms (tenant_id, created_at, id);

CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL REFERENCES rooms (id),
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    delay_ms BIGINT NOT NULL
);

CREATE UNIQUE INDEX sessions_one_live ON sessions (room_id) WHERE ended_at IS NULL;

CREATE TABLE contributions (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    provider TEXT NOT NULL,
    contribution_ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount BIGINT,
    currency TEXT,
    tier BIGINT,
    quantity BIGINT NOT NULL,
    viewer_id TEXT,
    viewer_name TEXT,
    message TEXT,
    status TEXT NOT NULL,
    hype BIGINT NOT NULL,
    train_id UUID,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    CONSTRAINT contributions_ref_unique UNIQUE (tenant_id, provider, contribution_ref)
);

CREATE INDEX contributions_by_train ON contributions (train_id) WHERE train_id IS NOT NULL;

-- First answers, kept as long as what they made, so that a message that comes again is told the same.
CREATE TABLE answers (
    tenant_id UUID NOT NULL,
    actor TEXT NOT NULL,
    operation TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    answer TEXT NOT NULL,
    CONSTRAINT answers_key PRIMARY KEY (tenant_id, actor, operation, idempotency_key)
);

-- The present train of each room, or its last: what the fold needs to go on after a restart.
CREATE TABLE room_trains (
    room_id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    state TEXT NOT NULL,
    deadline_at BIGINT
);

CREATE INDEX room_trains_by_deadline ON room_trains (deadline_at) WHERE deadline_at IS NOT NULL;

CREATE TABLE hype_trains (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    level BIGINT NOT NULL,
    total BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT
);

-- Only a train that has ended can be the room's record.
CREATE INDEX hype_trains_by_record ON hype_trains (room_id, level, total) WHERE ended_at IS NOT NULL;

CREATE TABLE hype_train_contributors (
    train_id UUID NOT NULL,
    viewer_id TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    name TEXT,
    hype BIGINT NOT NULL,
    last_hype BIGINT NOT NULL,
    PRIMARY KEY (train_id, viewer_id)
);

CREATE INDEX hype_train_contributors_by_hype ON hype_train_contributors (train_id, hype DESC);

-- `seq` goes on counting when the epoch is renewed, so the epoch is the room's, and the log can be
-- read across it.
CREATE TABLE events (
    room_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    occurred_at BIGINT NOT NULL,
    display_at BIGINT NOT NULL,
    part TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (room_id, seq)
);

CREATE INDEX events_by_time ON events (room_id, occurred_at, seq);

-- The last event of each part: the room's state, whole.
CREATE TABLE parts (
    room_id UUID NOT NULL,
    part TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    display_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (room_id, part)
);

-- `parts` as of a position, so that the state at any time is one keyframe and a few events away.
CREATE TABLE keyframes (
    room_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    occurred_at BIGINT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (room_id, seq)
);

CREATE TABLE overlay_tokens (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL REFERENCES rooms (id),
    label TEXT NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

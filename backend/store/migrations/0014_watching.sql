-- Points earned by watching. A minute of a room is one row of its books, whose legs say what it brought to up to
-- a thousand members; and what members have earned lies together, 64 of them in a row, so that a minute of a
-- thousand who are present touches sixteen rows. Both are written as few bytes (parlor_domain::watching), so that
-- PostgreSQL keeps a page in its row. `balances`, and `balance_after` of `transfers`, are what transfers gave and
-- took: what a member has is that and what they earned.

CREATE TABLE earnings (
    room_id UUID NOT NULL,
    page BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    members BYTEA NOT NULL,
    PRIMARY KEY (room_id, page)
);

-- A position of the books is a row here or in `transfers`.
CREATE TABLE watch_credits (
    room_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    -- Sessions of a room are numbered in their order: the one that was watched, and the newest then.
    session_number BIGINT NOT NULL,
    newest_session BIGINT NOT NULL,
    -- Since 1970.
    minute BIGINT NOT NULL,
    -- The minute in which a clock was put right that had stamped the room ahead.
    put_right BIGINT,
    -- The version of the room's programme, and its rules.
    programme BIGINT NOT NULL,
    terms BYTEA NOT NULL,
    -- For whom the minute counted that had not before, and what that brought to whom.
    slots BYTEA NOT NULL,
    legs BYTEA NOT NULL,
    points BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Who says so, which is erased with the person; the digest stays.
    actor_id TEXT,
    actor_is_staff BOOLEAN NOT NULL,
    reason TEXT,
    salt UUID,
    authorship_digest BYTEA NOT NULL,
    link BYTEA NOT NULL,
    PRIMARY KEY (room_id, seq)
);

-- What viewers of a room earn by, and the sessions that they earn in; none for a room as it was made.
CREATE TABLE room_earnings (
    room_id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    state TEXT NOT NULL
);

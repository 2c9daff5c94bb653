-- Paid memberships, as providers tell of them: of each what was said last about each of its periods.
CREATE TABLE memberships (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    provider TEXT NOT NULL,
    membership_ref TEXT NOT NULL,
    viewer_id TEXT NOT NULL,
    -- Who pays, where that is somebody else.
    is_gift BOOLEAN NOT NULL,
    giver_id TEXT,
    giver_name TEXT,
    gift_told_at BIGINT,
    periods TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    CONSTRAINT memberships_ref_unique UNIQUE (tenant_id, provider, membership_ref)
);

CREATE INDEX memberships_by_room ON memberships (room_id, recorded_at, id);
-- By these a person is found wherever their id stands, and what they have in a room.
CREATE INDEX memberships_by_viewer ON memberships (tenant_id, viewer_id, room_id);
CREATE INDEX memberships_by_giver ON memberships (tenant_id, giver_id, room_id) WHERE giver_id IS NOT NULL;

-- When they give their members a tier, as far as that is not over. A number is that of a member of the room: whoever is
-- credited is found by it, and who has not joined has none.
CREATE TABLE membership_spans (
    membership_id UUID NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    tier BIGINT NOT NULL,
    room_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    viewer_id TEXT NOT NULL,
    number BIGINT,
    PRIMARY KEY (membership_id, starts_at)
);

CREATE INDEX membership_spans_by_number ON membership_spans (room_id, number, ends_at) WHERE number IS NOT NULL;
CREATE INDEX membership_spans_by_viewer ON membership_spans (tenant_id, viewer_id, room_id);

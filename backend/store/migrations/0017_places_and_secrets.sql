-- In which rooms a viewer's minute counts, by what the viewer's own devices reported: few at once, across the rooms
-- of a tenant. Of minutes that are past crediting nothing is kept.
CREATE TABLE watch_places (
    -- Since 1970, and first, so that what is new lies together and what is old goes together.
    minute BIGINT NOT NULL,
    tenant_id UUID NOT NULL,
    viewer_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    room_id UUID NOT NULL,
    PRIMARY KEY (minute, tenant_id, viewer_id, place)
);

-- What the servers of this database sign for one another with, each under the name of what it is for.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    bytes BYTEA NOT NULL
);

-- Ways in for services that tell of payments, each a tenant's own. The id is drawn from chance alone, for it is in an
-- address that only the service is to know, and is looked up before anything is known of who asks. Of secrets there are
-- at most two: the one in force, and the one before it until its time is over.
CREATE TABLE webhook_sources (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    adapter TEXT NOT NULL,
    -- Where money goes of which the service says no room.
    room_id UUID,
    is_disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    secret TEXT NOT NULL,
    retiring_secret TEXT,
    retires_at BIGINT
);

CREATE INDEX webhook_sources_by_tenant ON webhook_sources (tenant_id, created_at, id);

-- What services have told of, from before it is acknowledged until after it has had its effect, which is due work. What
-- the effect needs of the source stands here as well, so that a source can be deleted while something is outstanding.
-- The body goes once it has had its effect; the digest says later whether a body that somebody else kept is that one.
CREATE TABLE webhook_deliveries (
    id UUID NOT NULL PRIMARY KEY,
    source_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    adapter TEXT NOT NULL,
    room_id UUID,
    message_id TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    body BYTEA,
    state TEXT NOT NULL,
    reason TEXT,
    attempts BIGINT NOT NULL,
    settled_at BIGINT,
    CONSTRAINT webhook_deliveries_message UNIQUE (source_id, message_id)
);

CREATE INDEX webhook_deliveries_by_tenant ON webhook_deliveries (tenant_id, received_at, id);
-- What somebody has to see to.
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (tenant_id, received_at, id) WHERE state = 'failed';
-- What still holds somebody's words.
CREATE INDEX webhook_deliveries_kept ON webhook_deliveries (tenant_id, id) WHERE body IS NOT NULL;

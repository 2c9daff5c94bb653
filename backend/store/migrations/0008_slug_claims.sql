-- Who is about to give a slug to a room. A row stands only inside the transaction that wrote it, so
-- that of two which want one slug at once the second waits, and then sees the first one's room.

CREATE TABLE slug_claims (
    tenant_id UUID NOT NULL,
    slug TEXT NOT NULL,
    CONSTRAINT slug_claims_key PRIMARY KEY (tenant_id, slug)
);

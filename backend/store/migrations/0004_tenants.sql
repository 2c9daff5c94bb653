-- What a tenant may set and use up, and the keys it signs with. Defaults and limits are documents,
-- because each is read and written whole, and a new one then needs no column. Origins are rows,
-- because a browser asks whether any tenant allows one before it says which tenant it means.

ALTER TABLE tenants ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE tenants ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- Without origins of its own, a tenant leaves them to the server's setting.
ALTER TABLE tenants ADD COLUMN has_own_origins BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tenants ADD COLUMN defaults TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';

UPDATE tenants SET updated_at = created_at;

CREATE INDEX tenants_by_creation ON tenants (created_at, id);

CREATE TABLE tenant_origins (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    origin TEXT NOT NULL,
    PRIMARY KEY (tenant_id, origin)
);

CREATE INDEX tenant_origins_by_origin ON tenant_origins (origin);

CREATE TABLE tenant_keys (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    kid TEXT NOT NULL,
    position BIGINT NOT NULL,
    algorithm TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    added_at BIGINT NOT NULL,
    retires_at BIGINT,
    PRIMARY KEY (tenant_id, kid)
);

CREATE INDEX overlay_tokens_by_room ON overlay_tokens (room_id);

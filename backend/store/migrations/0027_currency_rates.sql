-- What currencies are worth, as a tenant says: one document, for it is set and read whole.
CREATE TABLE tenant_rates (
    tenant_id UUID NOT NULL PRIMARY KEY REFERENCES tenants (id),
    rates TEXT NOT NULL
);

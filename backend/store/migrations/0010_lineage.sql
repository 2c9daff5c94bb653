-- Which history of the database the rooms' epochs belong to: on PostgreSQL its cluster and timeline. One
-- row, which travels with the rooms to every replica and into every backup.

CREATE TABLE log_lineage (
    id BIGINT NOT NULL PRIMARY KEY,
    identity TEXT NOT NULL
);

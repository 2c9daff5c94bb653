-- What is to be done at a time: a room's end of a train or of a session's grace, and the clearing away
-- of what a deleted room left behind. A row is written in the transaction that makes the work due, so
-- that whichever node lives finds it, and no node has to remember anything.
--
-- `claim_at` is when the work may be taken: when it is due, and from then on when the lease of whoever
-- took it runs out, or when what has failed is tried again. It alone is asked for, so that neither what
-- is far away nor what is being done makes the question slow. `progress` says how far a set that is
-- worked off in steps has come.

CREATE TABLE due_work (
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    due_at BIGINT NOT NULL,
    claim_at BIGINT NOT NULL,
    holder UUID,
    progress TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, subject_id)
);

CREATE INDEX due_work_by_claim ON due_work (kind, claim_at);
-- Leases that a clock, which was put right since, gave far ahead.
CREATE INDEX due_work_held ON due_work (kind, claim_at) WHERE holder IS NOT NULL;

INSERT INTO due_work (kind, subject_id, tenant_id, due_at, claim_at)
SELECT 'room_end', timed.room_id, timed.tenant_id, MIN(timed.deadline_at), MIN(timed.deadline_at)
FROM (
    SELECT room_id, tenant_id, deadline_at FROM room_trains WHERE deadline_at IS NOT NULL
    UNION ALL
    SELECT rooms.id, rooms.tenant_id, sessions.interrupted_at + rooms.interruption_grace_ms
    FROM sessions JOIN rooms ON rooms.id = sessions.room_id
    WHERE sessions.interrupted_at IS NOT NULL
) AS timed
GROUP BY timed.room_id, timed.tenant_id;

INSERT INTO due_work (kind, subject_id, tenant_id, due_at, claim_at)
SELECT 'room_clearing', room_id, tenant_id, deleted_at, deleted_at FROM deleted_rooms;

DROP TABLE deleted_rooms;
DROP INDEX room_trains_by_deadline;
ALTER TABLE room_trains DROP COLUMN deadline_at;
DROP INDEX sessions_interrupted;

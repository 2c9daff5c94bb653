-- Cases about points. A case is a document; beside it stand the columns that it is found by: of its room, its member and
-- what it is about. Transfers that resolve a case name it.
ALTER TABLE transfers ADD COLUMN dispute_id UUID;

CREATE TABLE disputes (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    room_id UUID NOT NULL,
    number BIGINT NOT NULL,
    status TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    -- One of the two: a redemption, or a position of the room's books.
    redemption_id UUID,
    seq BIGINT,
    dispute TEXT NOT NULL
);

CREATE INDEX disputes_by_room ON disputes (room_id, opened_at, id);
CREATE INDEX disputes_by_status ON disputes (room_id, status, opened_at, id);
CREATE INDEX disputes_by_member ON disputes (room_id, number, opened_at, id);
CREATE INDEX disputes_open ON disputes (room_id, number) WHERE status = 'open';
CREATE INDEX disputes_by_redemption ON disputes (redemption_id) WHERE redemption_id IS NOT NULL;
CREATE INDEX disputes_by_line ON disputes (room_id, seq) WHERE seq IS NOT NULL;

-- Which change of a room's cases each came with last, by which staff that follows them is told what is new; how many
-- changes there were, and how many cases are open. What was changed before was told by nobody, and has none.

ALTER TABLE disputes ADD COLUMN change_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE room_censuses ADD COLUMN open_disputes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE room_censuses ADD COLUMN dispute_changes BIGINT NOT NULL DEFAULT 0;

UPDATE room_censuses SET open_disputes =
    (SELECT COUNT(*) FROM disputes WHERE disputes.room_id = room_censuses.room_id AND disputes.status = 'open');

CREATE INDEX disputes_by_change ON disputes (room_id, change_seq);

-- Which change of a room's redemptions each came with last, by which staff that follows the queue is told what is new;
-- and how many changes there were. What was made before was told by nobody, and has none.

ALTER TABLE redemptions ADD COLUMN queue_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE room_censuses ADD COLUMN queue_changes BIGINT NOT NULL DEFAULT 0;

CREATE INDEX redemptions_by_queue_seq ON redemptions (room_id, queue_seq);

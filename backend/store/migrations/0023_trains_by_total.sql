-- Of equals, who had as much first leads.
ALTER TABLE hype_train_contributors ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;

DROP INDEX hype_train_contributors_by_hype;
CREATE INDEX hype_train_contributors_by_hype ON hype_train_contributors (train_id, hype DESC, turn);

-- A room's record is the most that was given to a train and not taken back, whatever level it had climbed to.
DROP INDEX hype_trains_by_record;
CREATE INDEX hype_trains_by_record ON hype_trains (room_id, total) WHERE ended_at IS NOT NULL;

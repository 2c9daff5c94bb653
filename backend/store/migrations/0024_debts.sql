-- What is taken back of points that are not there any more is a debt, in an account of its own: what each member owes,
-- and what all of a room's members owe. Whoever credits many members finds those of them who owe something.
ALTER TABLE balances ADD COLUMN debt BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledgers ADD COLUMN owed BIGINT NOT NULL DEFAULT 0;

CREATE INDEX balances_of_debtors ON balances (room_id, number) WHERE debt > 0;

-- What a contribution is worth is counted in its room's reference currency, and kept, in minor units, with the currency
-- that it was counted in: a room may count in another one later. What was recorded before keeps its hype, and nobody
-- knows what it was worth.
ALTER TABLE rooms ADD COLUMN reference_currency TEXT NOT NULL DEFAULT 'EUR';

ALTER TABLE contributions ADD COLUMN worth BIGINT;
ALTER TABLE contributions ADD COLUMN worth_currency TEXT;
-- Why it has no hype, if it has none.
ALTER TABLE contributions ADD COLUMN not_counted TEXT;

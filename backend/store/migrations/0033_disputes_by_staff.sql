-- Whether staff opened a case, so that how many were opened within a day is counted by an index alone. What is quoted in
-- the words of a case stands there with backslashes, so that none says it for the case.

ALTER TABLE disputes ADD COLUMN by_staff BOOLEAN NOT NULL DEFAULT FALSE;

UPDATE disputes SET by_staff = TRUE WHERE dispute LIKE '%"by_staff":true%';

CREATE INDEX disputes_by_opening ON disputes (room_id, number, by_staff, opened_at, tenant_id);

-- A room whose log has a keyframe has a row of due work of the kind `log_trimming`, for as long as the log
-- may be cut behind one. The rooms of before are all looked at once.

INSERT INTO due_work (kind, subject_id, tenant_id, due_at, claim_at)
SELECT 'log_trimming', id, tenant_id, 0, 0 FROM rooms WHERE keyframe_seq > 0;

-- People who are being erased, and that some were. While it is under way an erasure knows whom it is about; once it is
-- over it says by whom it was asked for and when, and no more.
CREATE TABLE erasures (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    idempotency_key TEXT NOT NULL,
    user_id TEXT,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    finished_at BIGINT,
    rooms BIGINT NOT NULL,
    rooms_done BIGINT NOT NULL,
    rows_changed BIGINT NOT NULL,
    -- How often it has gone through all there is: more than once if the person came again meanwhile.
    passes BIGINT NOT NULL,
    CONSTRAINT erasures_key UNIQUE (tenant_id, idempotency_key)
);

-- One at a time of each person.
CREATE UNIQUE INDEX erasures_under_way ON erasures (tenant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX erasures_by_requester ON erasures (tenant_id, requested_by);

-- The rooms that an erasure has come to, with what stands for the person there from then on. They go with its end.
CREATE TABLE erasure_rooms (
    erasure_id UUID NOT NULL,
    room_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    participant_id UUID,
    number BIGINT,
    pseudonym TEXT NOT NULL,
    pass BIGINT NOT NULL,
    PRIMARY KEY (erasure_id, room_id, pass)
);

-- By these a person is found wherever their id stands.
CREATE INDEX participants_by_viewer ON participants (tenant_id, viewer_id, room_id);
CREATE INDEX contributions_by_viewer ON contributions (tenant_id, viewer_id, room_id)
    WHERE viewer_id IS NOT NULL;
CREATE INDEX hype_train_contributors_by_viewer ON hype_train_contributors (tenant_id, viewer_id);
CREATE INDEX transfers_by_actor ON transfers (tenant_id, actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX watch_credits_by_actor ON watch_credits (tenant_id, actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor_id, room_id);
CREATE INDEX audit_entries_by_participant ON audit_entries (room_id, participant_id);
CREATE INDEX redemptions_by_settler ON redemptions (tenant_id, settled_by) WHERE settled_by IS NOT NULL;
CREATE INDEX presences_by_viewer ON presences (tenant_id, viewer_id);
CREATE INDEX disputes_by_tenant ON disputes (tenant_id, id);

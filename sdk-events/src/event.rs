//! Written by `cargo xtask codegen` from `schema.graphql` and `live_room.graphql`.

use alloc::string::String;
use alloc::vec::Vec;

use parlor_sdk_core::{Content, RoomEvent, ServerTime};

/// What was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContributionKind {
    /// Money.
    Donation,
    /// A paid membership.
    Membership,
    /// Paid memberships for others.
    GiftedMemberships,
    /// What is newer than this version.
    Unknown,
}

impl ContributionKind {
    fn of(name: &str) -> Self {
        match name {
            "DONATION" => Self::Donation,
            "MEMBERSHIP" => Self::Membership,
            "GIFTED_MEMBERSHIPS" => Self::GiftedMemberships,
            _ => Self::Unknown,
        }
    }
}

/// Where a hype train stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HypeTrainPhase {
    /// Contributions count towards kickoff.
    Approaching,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
    /// What is newer than this version.
    Unknown,
}

impl HypeTrainPhase {
    fn of(name: &str) -> Self {
        match name {
            "APPROACHING" => Self::Approaching,
            "RUNNING" => Self::Running,
            "ENDED" => Self::Ended,
            _ => Self::Unknown,
        }
    }
}

/// Authority over a room. What it allows is in `capabilities`, never to be inferred from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantRole {
    /// No more than anyone's.
    Member,
    /// Keeps order.
    Moderator,
    /// Rules the room.
    Owner,
    /// What is newer than this version.
    Unknown,
}

impl ParticipantRole {
    fn of(name: &str) -> Self {
        match name {
            "MEMBER" => Self::Member,
            "MODERATOR" => Self::Moderator,
            "OWNER" => Self::Owner,
            _ => Self::Unknown,
        }
    }
}

/// Whether a room is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomState {
    /// Not yet open.
    Draft,
    Open,
    /// Closed for good.
    Archived,
    /// What is newer than this version.
    Unknown,
}

impl RoomState {
    fn of(name: &str) -> Self {
        match name {
            "DRAFT" => Self::Draft,
            "OPEN" => Self::Open,
            "ARCHIVED" => Self::Archived,
            _ => Self::Unknown,
        }
    }
}

/// A participant's place. Whoever is on the stage while no session is live is backstage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageRole {
    /// Watches.
    Audience,
    /// Has asked for the stage.
    Requested,
    /// May take the stage.
    Invited,
    /// Is on the stage.
    Speaker,
    /// Is on the stage, and leads.
    Host,
    /// What is newer than this version.
    Unknown,
}

impl StageRole {
    fn of(name: &str) -> Self {
        match name {
            "AUDIENCE" => Self::Audience,
            "REQUESTED" => Self::Requested,
            "INVITED" => Self::Invited,
            "SPEAKER" => Self::Speaker,
            "HOST" => Self::Host,
            _ => Self::Unknown,
        }
    }
}

/// What somebody tells everyone in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// As typed: text, never markup.
    pub text: String,
}

impl Announcement {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            text: it.text("text")?,
        })
    }
}

/// What the whole room sees of a contribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContributionAlert {
    pub id: String,
    /// What was given.
    pub kind: ContributionKind,
    /// Who gave it, as typed: text, never markup. Null for an anonymous one.
    pub name: Option<String>,
    /// In minor units of `currency`.
    pub amount: Option<i64>,
    pub currency: Option<String>,
    /// 1 to 3, for memberships.
    pub tier: Option<i32>,
    /// How many memberships were gifted; 1 for everything else.
    pub quantity: i32,
    /// What the giver wrote: text, never markup.
    pub message: Option<String>,
    /// What it adds to a hype train.
    pub hype: i64,
}

impl ContributionAlert {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            id: it.text("id")?,
            kind: ContributionKind::of(&it.text("kind")?),
            name: it.optional("name", Content::text)?,
            amount: it.optional("amount", Content::whole)?,
            currency: it.optional("currency", Content::text)?,
            tier: it.optional("tier", Content::small)?,
            quantity: it.small("quantity")?,
            message: it.optional("message", Content::text)?,
            hype: it.whole("hype")?,
        })
    }
}

/// A hype train, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HypeTrain {
    pub id: String,
    /// Whether it gathers, runs or has ended.
    pub phase: HypeTrainPhase,
    /// The level being worked on; the first is 1. 0 if the kickoff lapsed.
    pub level: i32,
    /// Hype gathered towards `goal` within this level.
    pub progress: i64,
    /// Hype that completes this level.
    pub goal: i64,
    /// All hype of this train: the sum of its settled contributions. The level follows from it.
    pub total: i64,
    /// Kickoff: contributions and distinct viewers still missing. Zero once running.
    pub kickoff_events_needed: i32,
    pub kickoff_viewers_needed: i32,
    /// When it began to gather; of a train that runs or ran, when it started.
    pub started_at: ServerTime,
    /// When the train (or its kickoff window) ends if nothing more comes.
    pub expires_at: ServerTime,
    pub ended_at: Option<ServerTime>,
    /// Until when no other train starts.
    pub cooldown_ends_at: Option<ServerTime>,
    /// The reward of the level last completed.
    pub last_reward: Option<String>,
    /// The reward of the level being worked on.
    pub next_reward: Option<String>,
    /// How many contributed: viewers once each, and each anonymous gift.
    pub contributor_count: i32,
    /// Who contributed most.
    pub top_contributor: Option<HypeTrainContributor>,
    /// Newest first, each contributor once, at most 8.
    pub recent_contributors: Vec<HypeTrainContributor>,
    /// Whether it has more than every other train of the room, of what was not taken back.
    pub is_record: bool,
}

impl HypeTrain {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            id: it.text("id")?,
            phase: HypeTrainPhase::of(&it.text("phase")?),
            level: it.small("level")?,
            progress: it.whole("progress")?,
            goal: it.whole("goal")?,
            total: it.whole("total")?,
            kickoff_events_needed: it.small("kickoffEventsNeeded")?,
            kickoff_viewers_needed: it.small("kickoffViewersNeeded")?,
            started_at: it.time("startedAt")?,
            expires_at: it.time("expiresAt")?,
            ended_at: it.optional("endedAt", Content::time)?,
            cooldown_ends_at: it.optional("cooldownEndsAt", Content::time)?,
            last_reward: it.optional("lastReward", Content::text)?,
            next_reward: it.optional("nextReward", Content::text)?,
            contributor_count: it.small("contributorCount")?,
            top_contributor: it.optional("topContributor", |it, name| HypeTrainContributor::read(it.record(name)?))?,
            recent_contributors: it.list("recentContributors", HypeTrainContributor::read)?,
            is_record: it.truth("isRecord")?,
        })
    }
}

/// Somebody who contributed to a hype train.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HypeTrainContributor {
    /// As typed: text, never markup. Null for an anonymous one.
    pub name: Option<String>,
    /// All their hype in this train.
    pub hype: i64,
    /// The hype of their last contribution.
    pub last_hype: i64,
}

impl HypeTrainContributor {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            name: it.optional("name", Content::text)?,
            hype: it.whole("hype")?,
            last_hype: it.whole("lastHype")?,
        })
    }
}

/// What everyone who may read a room sees of a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantProfile {
    pub id: String,
    /// As typed: text, never markup.
    pub name: String,
    /// Authority, for a badge. What it allows is asked of `roomAccess`, never to be inferred from here.
    pub role: ParticipantRole,
    pub stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    pub requested_seq: Option<i64>,
    /// Whether the room goes on showing them by name. If not, the part of this event is empty after it: they
    /// left, or went back among an audience that is told by count.
    pub is_listed: bool,
    /// Whether they follow the room now, by any of their devices.
    pub is_online: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    pub version: i32,
    /// When they last joined.
    pub joined_at: ServerTime,
}

impl ParticipantProfile {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            id: it.text("id")?,
            name: it.text("name")?,
            role: ParticipantRole::of(&it.text("role")?),
            stage_role: StageRole::of(&it.text("stageRole")?),
            requested_seq: it.optional("requestedSeq", Content::whole)?,
            is_listed: it.truth("isListed")?,
            is_online: it.truth("isOnline")?,
            version: it.small("version")?,
            joined_at: it.time("joinedAt")?,
        })
    }
}

/// What the whole room sees of a redemption, as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionAlert {
    pub id: String,
    pub reward_id: String,
    /// Who redeemed it.
    pub participant_id: String,
    /// What they are called, as typed: text, never markup.
    pub name: String,
    /// What the reward was called, as typed: text, never markup.
    pub title: String,
    /// In points.
    pub cost: i64,
    /// The reward's, `#rrggbb`.
    pub color: Option<String>,
    /// The reward's: one character, such as an emoji.
    pub icon: Option<String>,
    /// What they said, as typed: text, never markup; null unless the reward has `showsInput`.
    pub input: Option<String>,
}

impl RedemptionAlert {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            id: it.text("id")?,
            reward_id: it.text("rewardId")?,
            participant_id: it.text("participantId")?,
            name: it.text("name")?,
            title: it.text("title")?,
            cost: it.whole("cost")?,
            color: it.optional("color", Content::text)?,
            icon: it.optional("icon", Content::text)?,
            input: it.optional("input", Content::text)?,
        })
    }
}

/// What everyone who may read a room sees of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomProfile {
    pub id: String,
    /// Name within its tenant, as in addresses.
    pub slug: String,
    /// As typed by its owner: text, never markup.
    pub title: String,
    pub state: RoomState,
    /// How much later an instant appears on the stream's own timeline than it happened.
    pub ingest_offset_ms: i32,
    /// Counts changes of the room.
    pub version: i32,
}

impl RoomProfile {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            id: it.text("id")?,
            slug: it.text("slug")?,
            title: it.text("title")?,
            state: RoomState::of(&it.text("state")?),
            ingest_offset_ms: it.small("ingestOffsetMs")?,
            version: it.small("version")?,
        })
    }
}

/// One live run of a room's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub started_at: ServerTime,
    /// Since when the stream is away, if it is.
    pub interrupted_at: Option<ServerTime>,
    /// Null while it is live.
    pub ended_at: Option<ServerTime>,
    /// The stream's delay.
    pub delay_ms: i32,
}

impl Session {
    fn read(mut it: Content) -> Option<Self> {
        Some(Self {
            id: it.text("id")?,
            started_at: it.time("startedAt")?,
            interrupted_at: it.optional("interruptedAt", Content::time)?,
            ended_at: it.optional("endedAt", Content::time)?,
            delay_ms: it.small("delayMs")?,
        })
    }
}

impl RoomProfile {
    /// Reads what `event` is about, if it is of a kind that is about one.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        (event.type_name == "RoomUpdated").then_some(())?;

        Self::read(event.about("room")?)
    }
}

impl Session {
    /// Reads what `event` is about, if it is of a kind that is about one.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        SessionChange::of(&event.type_name)?;

        Self::read(event.about("session")?)
    }
}

/// How the `session` of an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionChange {
    /// A live run of the room's stream began.
    Started,
    /// The stream went away. It may come back within the room's `interruptionGraceMs`.
    Interrupted,
    /// The stream is back, in the same session.
    Resumed,
    /// One that was interrupted and did not come back ended when it was interrupted.
    Ended,
}

impl SessionChange {
    /// Reads the name of a kind.
    pub fn of(type_name: &str) -> Option<Self> {
        Some(match type_name {
            "SessionStarted" => Self::Started,
            "SessionInterrupted" => Self::Interrupted,
            "SessionResumed" => Self::Resumed,
            "SessionEnded" => Self::Ended,
            _ => return None,
        })
    }
}

impl ParticipantProfile {
    /// Reads what `event` is about, if it is of a kind that is about one.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        ParticipantChange::of(&event.type_name)?;

        Self::read(event.about("participant")?)
    }
}

/// How the `participant` of an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantChange {
    /// Of a room's audience, only a small room tells by name who comes and goes.
    Joined,
    /// They went.
    Left,
    /// They were put out of the room.
    Removed,
    /// The name changed, or what the participant may do.
    Updated,
    /// They have another role.
    RoleChanged,
    /// They have another place.
    StageChanged,
    /// Somebody whom the room shows by name came online or went offline. That is no change of theirs: `version`
    /// stays.
    PresenceChanged,
}

impl ParticipantChange {
    /// Reads the name of a kind.
    pub fn of(type_name: &str) -> Option<Self> {
        Some(match type_name {
            "ParticipantJoined" => Self::Joined,
            "ParticipantLeft" => Self::Left,
            "ParticipantRemoved" => Self::Removed,
            "ParticipantUpdated" => Self::Updated,
            "ParticipantRoleChanged" => Self::RoleChanged,
            "ParticipantStageChanged" => Self::StageChanged,
            "ParticipantPresenceChanged" => Self::PresenceChanged,
            _ => return None,
        })
    }
}

impl ContributionAlert {
    /// Reads what `event` is about, if it is of a kind that is about one.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        (event.type_name == "ContributionReceived").then_some(())?;

        Self::read(event.about("contribution")?)
    }
}

impl Announcement {
    /// Reads what `event` is about, if it is of a kind that is about one.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        (event.type_name == "AnnouncementMade").then_some(())?;

        Self::read(event.about("announcement")?)
    }
}

impl RedemptionAlert {
    /// Reads what `event` is about, if it is of a kind that is about one.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        (event.type_name == "RewardRedeemed").then_some(())?;

        Self::read(event.about("redemption")?)
    }
}

impl HypeTrain {
    /// Reads what `event` is about, if it is of a kind that is about one.
    pub fn of(event: &RoomEvent) -> Option<Self> {
        HypeTrainChange::of(&event.type_name)?;

        Self::read(event.about("train")?)
    }
}

/// How the `train` of an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HypeTrainChange {
    /// A contribution counted towards kickoff.
    Approached,
    /// The train set off.
    Started,
    /// Hype was added within a level.
    Progressed,
    /// A level was completed.
    LeveledUp,
    /// A reversal lowered the train's total.
    Corrected,
    /// The train ran out of time, or its kickoff lapsed (`level` is 0 then).
    Ended,
}

impl HypeTrainChange {
    /// Reads the name of a kind.
    pub fn of(type_name: &str) -> Option<Self> {
        Some(match type_name {
            "HypeTrainApproached" => Self::Approached,
            "HypeTrainStarted" => Self::Started,
            "HypeTrainProgressed" => Self::Progressed,
            "HypeTrainLeveledUp" => Self::LeveledUp,
            "HypeTrainCorrected" => Self::Corrected,
            "HypeTrainEnded" => Self::Ended,
            _ => return None,
        })
    }
}

/// What happened. When it is shown, and what it replaces, is told by the event's timing and part alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// The room's profile changed; this is the new one.
    RoomUpdated(RoomProfile),
    /// A `Session` changed; it is carried whole.
    Session(SessionChange, Session),
    /// A `ParticipantProfile` changed; it is carried whole.
    Participant(ParticipantChange, ParticipantProfile),
    /// Somebody gave something: a moment, shown once.
    ContributionReceived(ContributionAlert),
    /// Somebody who may told everyone something: a moment, shown once.
    AnnouncementMade(Announcement),
    /// Somebody redeemed a reward that is announced: a moment, shown once. What becomes of the redemption is not
    /// told.
    RewardRedeemed(RedemptionAlert),
    /// A `HypeTrain` changed; it is carried whole.
    HypeTrain(HypeTrainChange, HypeTrain),
    /// Something of a kind that is newer than this version, or whose content it cannot read.
    Unknown,
}

impl EventKind {
    /// Reads what happened.
    pub fn of(event: &RoomEvent) -> Self {
        Self::read(event).unwrap_or(Self::Unknown)
    }

    fn read(event: &RoomEvent) -> Option<Self> {
        let type_name = event.type_name.as_str();
        if type_name == "RoomUpdated" {
            return Some(Self::RoomUpdated(RoomProfile::read(event.about("room")?)?));
        }
        if let Some(change) = SessionChange::of(type_name) {
            return Some(Self::Session(change, Session::read(event.about("session")?)?));
        }
        if let Some(change) = ParticipantChange::of(type_name) {
            return Some(Self::Participant(change, ParticipantProfile::read(event.about("participant")?)?));
        }
        if type_name == "ContributionReceived" {
            return Some(Self::ContributionReceived(ContributionAlert::read(event.about("contribution")?)?));
        }
        if type_name == "AnnouncementMade" {
            return Some(Self::AnnouncementMade(Announcement::read(event.about("announcement")?)?));
        }
        if type_name == "RewardRedeemed" {
            return Some(Self::RewardRedeemed(RedemptionAlert::read(event.about("redemption")?)?));
        }
        if let Some(change) = HypeTrainChange::of(type_name) {
            return Some(Self::HypeTrain(change, HypeTrain::read(event.about("train")?)?));
        }

        None
    }
}

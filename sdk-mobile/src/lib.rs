//! Parlor for Swift, Kotlin, Python and native Rust: [`Client`] follows a room in step with the
//! picture, [`Api`] asks and commands.
//!
//! Everything is pulled: the application waits for the next delivery when it is ready for it, and
//! nothing of its own runs on a thread of ours. What is decided is decided in `parlor-sdk-core`;
//! this crate brings it a socket and a clock.

#![warn(missing_docs)]

mod alerts;
#[cfg(target_os = "android")]
mod android;
mod api;
mod client;
mod consumers;
mod dial;
mod driver;
mod handout;
mod machine;
mod record;
mod runtime;
mod seen;
mod server_url;
mod socket;
mod token;
mod wallets;
mod watching;
mod wishes;

pub use alerts::{Alert, AlertLimits, AlertMoney, AlertOnStage, AlertQueue, AlertStats};
pub use api::{
    Admission, AnonymousGifts, Api, AuditAction, AuditEntry, AuditPage, AuditQuestion,
    AvailabilityRule, Capability, CapabilityTerms, CommandError, Contribution, ContributionReport,
    ContributionStatus, HypeTrainLevel, HypeTrainProgram, HypeTrainSummary, KnownParticipant,
    Membership, NewCapabilityTerms, NewParticipant, NewRedemption, NewRoom, OpenDraw, Participant,
    ParticipantPrivate, ParticipantsPage, ParticipantsQuestion, QueryError, Reward, RewardAsk,
    RewardAskKind, RewardAvailability, RewardDraw, RewardStanding, RoomAccess, RoomDetails,
    RoomSummary, SettledRedemption, StageDetails, StandingRefusal,
};
pub use client::Client;
pub use consumers::{ConnectionStates, Deliveries, Rooms};
pub use record::*;
pub use runtime::stop_background;
pub use server_url::ServerUrlError;
pub use wallets::Wallets;

uniffi::setup_scaffolding!();

//! Who speaks, who waits to, and who listens.

use serde::{Deserialize, Serialize};

/// How many people a stage has places for when the room does not say: as many faces as a phone
/// shows at a size that can be told apart.
pub const STAGE_SIZE_DEFAULT: u32 = 10;
/// The most places a stage can have: what media servers mix and grids of video show.
pub const STAGE_SIZE_MAX: u32 = 50;
/// How many people may wait for the stage, asked or asking. Everyone in the room is shown the
/// queue, so its length bounds what a newcomer is sent; whoever stands further back than this does
/// not speak in this session.
pub const STAGE_QUEUE_MAX: i64 = 200;

/// A participant's place, and the two states on the way from the audience to the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum StageRole {
    #[default]
    Audience,
    /// Has asked to speak.
    Requested {
        /// Where in the room's log they asked, which orders the queue as the server saw it.
        seq: i64,
    },
    /// Was asked to speak, and takes the stage by an act of their own: nobody else opens a person's
    /// microphone.
    Invited,
    Speaker,
    /// Runs the stage; at most one. A place like a speaker's, which gives no authority.
    Host,
}

impl StageRole {
    /// Whether the participant has a place on the stage. Before the session is live that is
    /// backstage.
    pub fn is_on_stage(self) -> bool {
        matches!(self, Self::Speaker | Self::Host)
    }

    /// Whether the participant is between the audience and the stage.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Requested { .. } | Self::Invited)
    }

    /// Where in the room's log the participant asked to speak, of one who waits for an answer.
    pub fn requested_seq(self) -> Option<i64> {
        match self {
            Self::Requested { seq } => Some(seq),
            Self::Audience | Self::Invited | Self::Speaker | Self::Host => None,
        }
    }

    /// The place's name in storage and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audience => "audience",
            Self::Requested { .. } => "requested",
            Self::Invited => "invited",
            Self::Speaker => "speaker",
            Self::Host => "host",
        }
    }
}

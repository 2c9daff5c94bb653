//! The acts of a hype train, which its picture and its words share.

/// What the train is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Act {
    /// Not there.
    #[default]
    Absent,
    /// Gathering: so many to go.
    Approaching,
    /// On its way to the next level.
    Running,
    /// Over: how far it got.
    Ended,
}

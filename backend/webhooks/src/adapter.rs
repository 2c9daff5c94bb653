//! Whose webhooks a source takes.

/// How the requests to a source are signed and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Adapter {
    /// Parlor's own form, for a tenant's servers.
    Parlor,
    Stripe,
    Kofi,
}

impl Adapter {
    pub const ALL: [Self; 3] = [Self::Parlor, Self::Stripe, Self::Kofi];

    /// Its name in the API's database and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parlor => "parlor",
            Self::Stripe => "stripe",
            Self::Kofi => "kofi",
        }
    }

    /// The adapter of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

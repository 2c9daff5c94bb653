//! The systems that are measured: how each is made ready, and how it serves a room.

mod async_graphql;
mod centrifugo;
mod graphql_ws;
mod nchan;
mod parlor;

use anyhow::Result;

use super::load::Load;
use super::room::Room;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum System {
    Parlor,
    AsyncGraphql,
    GraphqlWs,
    Nchan,
    Centrifugo,
}

impl System {
    pub(super) const ALL: [Self; 5] = [
        Self::Parlor,
        Self::AsyncGraphql,
        Self::GraphqlWs,
        Self::Nchan,
        Self::Centrifugo,
    ];

    /// Its key in the results.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Parlor => "parlor",
            Self::AsyncGraphql => "async_graphql",
            Self::GraphqlWs => "graphql_ws",
            Self::Nchan => "nchan",
            Self::Centrifugo => "centrifugo",
        }
    }

    /// Builds or installs it.
    pub(super) fn prepare(self) -> Result<()> {
        match self {
            Self::Parlor => parlor::prepare(),
            Self::AsyncGraphql => async_graphql::prepare(),
            Self::GraphqlWs => graphql_ws::prepare(),
            Self::Nchan => nchan::prepare(),
            Self::Centrifugo => centrifugo::prepare(),
        }
    }

    /// Starts a server with a room that nobody listens to yet.
    pub(super) fn open_room(self, load: &Load, nchan_workers: u32) -> Result<Room> {
        match self {
            Self::Parlor => parlor::open_room(load),
            Self::AsyncGraphql => async_graphql::open_room(),
            Self::GraphqlWs => graphql_ws::open_room(),
            Self::Nchan => nchan::open_room(nchan_workers),
            Self::Centrifugo => centrifugo::open_room(),
        }
    }
}

//! `parlor migrate`.

use anyhow::{Context, Result};
use clap::Args;
use parlor_node::clock::Clock;
use parlor_node::ids::{Ids, Randomness};
use parlor_store::Store;

use super::{DatabaseArgs, print};

#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Give every room's log a new identity
    ///
    /// To be done after a backup was restored, because positions in the logs then repeat. Clients
    /// that remember a position start anew instead of missing what happened since.
    #[arg(long)]
    renew_epochs: bool,
}

pub(super) async fn migrate(args: MigrateArgs) -> Result<()> {
    let settings = parlor_store::Settings::new(&args.database.url);
    let store = Store::connect(&settings).await?;
    store
        .migrate()
        .await
        .context("cannot bring the database up to date")?;
    if args.renew_epochs {
        let mut ids = Ids::new(Clock::System, Randomness::System);
        let rooms = store
            .renew_epochs(&mut ids)
            .await
            .context("cannot renew the epochs")?;
        print(&format!("renewed the epochs of {rooms} rooms\n"))?;
    }
    store.close().await;

    print("the database is up to date\n")
}

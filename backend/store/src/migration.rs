//! Bringing the schema up to date, and saying what keeps it from that.

use sqlx::migrate::{MigrateError, Migrator};

use crate::disk::Unwritable;
use crate::engine::Engine;
use crate::error::NotMigrated;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else went wrong says for itself what it is"
)]
pub(crate) async fn run(engine: &Engine) -> Result<(), NotMigrated> {
    let ran = match engine {
        Engine::Sqlite { writer, .. } => MIGRATOR.run(writer).await,
        Engine::Postgres { pool, .. } => MIGRATOR.run(pool).await,
    };

    ran.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
            if Unwritable::of(&error).is_some() =>
        {
            Unwritable::of(&error)
                .map_or(NotMigrated::Failed(error.into()), NotMigrated::Unwritable)
        }
        MigrateError::VersionMissing(version) if version > last_version() => {
            NotMigrated::Newer(version)
        }
        MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
            NotMigrated::Foreign(version)
        }
        MigrateError::Dirty(version) => NotMigrated::BrokenOff(version),
        other => NotMigrated::Failed(other),
    })
}

fn last_version() -> i64 {
    let versions = MIGRATOR.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}

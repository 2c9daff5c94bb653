//! What a room's log and its keyframes tell of a person.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use uuid::Uuid;

use super::Erasing;
use super::room::Room;
use super::scrub::{document, scrub};
use crate::sql::{Statement, row};

/// Events looked through at once: some milliseconds of reading them.
const EVENTS_MAX: usize = 500;
/// Keyframes looked through at once: each has what the picture was.
const KEYFRAMES_MAX: usize = 16;

impl Erasing<'_> {
    /// Looks through some events behind `after`. Returns how far it came, and whether that is the end.
    pub(super) async fn events(
        &mut self,
        room: &Room,
        after: i64,
    ) -> Result<(i64, bool), sqlx::Error> {
        let select = format!(
            "SELECT seq, body FROM events WHERE room_id = $1 AND seq > $2
             ORDER BY seq LIMIT {EVENTS_MAX}"
        );
        let page = self.page(room, select, after).await?;
        let mut person = self.person_in(room);
        person.contributions = self.given_among(room, &page).await?;
        let changed = changed(&page, |text| scrub(text, &person))?;
        self.write(room, changed, "events", "body").await?;

        Ok((reached(&page, after), page.len() < EVENTS_MAX))
    }

    /// Looks through some keyframes behind `after`, likewise.
    pub(super) async fn keyframes(
        &mut self,
        room: &Room,
        after: i64,
    ) -> Result<(i64, bool), sqlx::Error> {
        let select = format!(
            "SELECT seq, events FROM keyframes WHERE room_id = $1 AND seq > $2
             ORDER BY seq LIMIT {KEYFRAMES_MAX}"
        );
        let page = self.page(room, select, after).await?;
        let person = self.person_in(room);
        let changed = changed(&page, |text| scrub(text, &person))?;
        self.write(room, changed, "keyframes", "events").await?;

        Ok((reached(&page, after), page.len() < KEYFRAMES_MAX))
    }

    async fn page(
        &mut self,
        room: &Room,
        select: String,
        after: i64,
    ) -> Result<Vec<(i64, String)>, sqlx::Error> {
        let select = Statement::new(select).bind(room.id).bind(after);
        let rows = self.transaction.fetch(select).await?;
        let read = |mut row: crate::sql::Row| Ok((row.take()?, row.take()?));

        rows.into_iter().map(read).collect()
    }

    /// The person's contributions among those that the events are about: an alert does not say whose it is.
    async fn given_among(
        &mut self,
        room: &Room,
        page: &[(i64, String)],
    ) -> Result<BTreeSet<Uuid>, sqlx::Error> {
        let mut told = BTreeSet::new();
        for (_, text) in page
            .iter()
            .filter(|(_, text)| text.contains("ContributionReceived"))
        {
            let (_, event) = document(text)?;
            told.extend(id_of(&event["payload"]));
        }
        let keys = told
            .into_iter()
            .map(|id| {
                row![
                    id,
                    self.tenant_id,
                    self.user_id.as_str(),
                    room.pseudonym.as_str()
                ]
            })
            .collect();
        let text = "SELECT c.id FROM told CROSS JOIN contributions c
            WHERE c.id = told.id AND c.tenant_id = told.tenant_id
                AND (c.viewer_id = told.viewer_id OR c.viewer_id = told.pseudonym)";
        let table = "told (id, tenant_id, viewer_id, pseudonym)";
        let rows = self.transaction.look_up(table, keys, text).await?;

        rows.into_iter().map(|mut row| row.take()).collect()
    }

    async fn write(
        &mut self,
        room: &Room,
        changed: Vec<(i64, String)>,
        table: &str,
        column: &str,
    ) -> Result<(), sqlx::Error> {
        for (seq, text) in changed {
            let update =
                format!("UPDATE {table} SET {column} = $3 WHERE room_id = $1 AND seq = $2");
            let update = Statement::new(update).bind(room.id).bind(seq).bind(text);
            self.execute(update).await?;
        }

        Ok(())
    }
}

/// What is about the person, without them.
fn changed(
    page: &[(i64, String)],
    scrub: impl Fn(&str) -> Result<Option<String>, sqlx::Error>,
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let mut changed = Vec::new();
    for (seq, text) in page {
        changed.extend(scrub(text)?.map(|text| (*seq, text)));
    }

    Ok(changed)
}

fn reached(page: &[(i64, String)], after: i64) -> i64 {
    page.last().map_or(after, |(seq, _)| *seq)
}

/// The id of what `value` is about.
pub(super) fn id_of(value: &Json) -> Option<Uuid> {
    Uuid::try_parse(value["id"].as_str()?).ok()
}

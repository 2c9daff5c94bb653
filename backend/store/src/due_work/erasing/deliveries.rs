//! What services told of a person by webhook, and has not had its effect.

use parlor_webhooks::without_person;
use uuid::Uuid;

use super::{Erasing, Progress};
use crate::sql::Statement;
use crate::webhook_sources::read_adapter;

/// Bodies looked through at once: each is a quarter of a mebibyte at most, and far less as a rule.
const BODIES_MAX: usize = 20;

impl Erasing<'_> {
    /// Looks through some of the tenant's.
    pub(super) async fn deliveries(&mut self, after: Uuid) -> Result<Progress, sqlx::Error> {
        let select = format!(
            "SELECT id, adapter, body FROM webhook_deliveries
             WHERE tenant_id = $1 AND id > $2 AND body IS NOT NULL ORDER BY id LIMIT {BODIES_MAX}"
        );
        let select = Statement::new(select).bind(self.tenant_id).bind(after);
        let found = self.transaction.fetch(select).await?;
        let (count, mut last) = (found.len(), after);
        for mut row in found {
            last = row.take()?;
            let adapter = read_adapter(&row.take::<String>()?)?;
            let body: Vec<u8> = row.take()?;
            if let Some(without) = without_person(adapter, &body, &self.user_id) {
                // Of one that had its effect meanwhile the body is gone.
                let update = "UPDATE webhook_deliveries SET body = $2
                    WHERE id = $1 AND body IS NOT NULL";
                let update = Statement::new(update).bind(last).bind(without);
                self.execute(update).await?;
            }
        }

        Ok(if count < BODIES_MAX {
            Progress::Rooms { after: Uuid::nil() }
        } else {
            Progress::Deliveries { after: last }
        })
    }
}

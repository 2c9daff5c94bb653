//! Watches, all along, that the books of every room are even: at each snapshot, whatever goes wrong meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::database::Truth;
use crate::shop::{LIMITED, PER_SESSION, PER_VIEWER_AND_SESSION};

/// How often the books are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The watch. Dropped, it ends.
pub struct BooksWatch {
    noted: Arc<Mutex<Noted>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Noted {
    /// How many snapshots there were that had books.
    snapshots: u64,
    fault: Option<String>,
}

impl BooksWatch {
    /// Watches from now on.
    pub fn start(mut truth: Truth) -> Self {
        let noted = Arc::new(Mutex::new(Noted::default()));
        let kept = Arc::clone(&noted);
        let task = tokio::spawn(async move {
            let mut looks = interval(LOOK_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let looked = look(&mut truth).await;
                let mut noted = kept.lock().unwrap_or_else(PoisonError::into_inner);
                match looked {
                    Ok(has_books) => noted.snapshots += u64::from(has_books),
                    Err(error) => {
                        noted.fault.get_or_insert(format!("{error:#}"));
                    }
                }
            }
        });

        Self { noted, task }
    }

    /// How many snapshots of the books were seen, if all were even.
    pub fn snapshots(&self) -> Result<u64> {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = &noted.fault {
            bail!("{fault}");
        }

        Ok(noted.snapshots)
    }
}

impl Drop for BooksWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One statement, and so one snapshot. Returns whether any room has books.
async fn look(truth: &mut Truth) -> Result<bool> {
    let held = truth.document_field("dispute", "held");
    let rows = truth.rows(&uneven(&held)).await?;
    let uneven: Vec<_> = rows.iter().filter(|row| row[0] != "books").collect();
    ensure!(uneven.is_empty(), "a snapshot of the books: {uneven:?}");

    Ok(!rows.is_empty())
}

/// A row for each thing that is wrong, and one that says that there are books. `case_holds` is what a case holds.
fn uneven(case_holds: &str) -> String {
    // What came back whole has given back its place.
    let taken = format!(
        "FROM redemptions WHERE title = '{LIMITED}' AND status IN ('unfulfilled', 'fulfilled')
             AND refunded < cost"
    );
    let sum = |what: &str, of: &str| {
        format!("COALESCE((SELECT SUM({what}) FROM {of} WHERE {of}.room_id = ledgers.room_id), 0)")
    };
    let (given, earned) = (sum("points", "balances"), sum("points", "watch_credits"));

    format!(
        "SELECT 'books' AS what, '' AS how WHERE EXISTS (SELECT 1 FROM ledgers WHERE seq > 0)
         UNION ALL SELECT 'accounts do not come to what was minted', CAST(seq AS TEXT) FROM ledgers
             WHERE minted - burned + owed <> {given} + {earned} OR burned < 0 OR owed < 0
                 OR minted + owed < burned
         UNION ALL SELECT 'what is held is not what is open', CAST(number AS TEXT) FROM balances
             WHERE held < 0 OR held <> COALESCE((SELECT SUM(cost) FROM redemptions
                 WHERE redemptions.room_id = balances.room_id
                     AND redemptions.number = balances.number
                     AND status IN ('unfulfilled', 'entered')), 0)
                 + COALESCE((SELECT SUM(CAST({case_holds} AS BIGINT)) FROM disputes
                     WHERE disputes.room_id = balances.room_id
                         AND disputes.number = balances.number), 0)
         UNION ALL SELECT 'somebody is in debt by less than nothing', CAST(number AS TEXT)
             FROM balances WHERE debt < 0
         UNION ALL SELECT 'the limit of a session', CAST(COUNT(*) AS TEXT) {taken}
             GROUP BY room_id, session_id HAVING COUNT(*) > {PER_SESSION}
         UNION ALL SELECT 'the limit of a viewer', CAST(COUNT(*) AS TEXT) {taken}
             GROUP BY room_id, session_id, number HAVING COUNT(*) > {PER_VIEWER_AND_SESSION}
         UNION ALL SELECT 'a redemption that was paid for twice', CAST(COUNT(*) AS TEXT)
             FROM transfers WHERE kind = 3 GROUP BY room_id, about HAVING COUNT(*) > 1
         UNION ALL SELECT 'a key that moved points twice', CAST(COUNT(*) AS TEXT)
             FROM transfers WHERE kind <> 3 AND reason IS NOT NULL GROUP BY room_id, reason
             HAVING COUNT(*) > 1 AND NOT (COUNT(*) = 2 AND MIN(kind) = 5 AND MAX(kind) = 6)"
    )
}

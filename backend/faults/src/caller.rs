//! Somebody who asks the servers, as right clients do: what has no answer is sent again, elsewhere, until it is
//! known what became of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::http;
use crate::ledger::Ledger;
use crate::nodes::Nodes;

/// How long to wait before what has no answer is sent again.
const BACKOFF: Duration = Duration::from_millis(50);

/// A caller, who turns to one node after another.
pub struct Caller {
    nodes: Nodes,
    ledger: Arc<Mutex<Ledger>>,
    /// The node to ask next.
    turn: usize,
}

impl Caller {
    /// A caller who begins with the `turn`th node.
    pub fn new(nodes: &Nodes, ledger: &Arc<Mutex<Ledger>>, turn: usize) -> Self {
        Self {
            nodes: nodes.clone(),
            ledger: Arc::clone(ledger),
            turn,
        }
    }

    /// Asks one node after another until one answers. What is asked must be harmless to ask again.
    pub async fn until_answered(
        &mut self,
        token: &str,
        document: &str,
        variables: &Value,
    ) -> Value {
        let mut is_repeated = false;
        loop {
            if let Some(address) = self.next_address() {
                if is_repeated {
                    self.ledger().repeated += 1;
                }
                match http::execute(&address, token, document, variables).await {
                    Ok(answer) => return answer,
                    Err(_) => is_repeated = true,
                }
            }
            sleep_until(Instant::now() + BACKOFF).await;
        }
    }

    /// Where the next node listens that is there.
    pub fn next_address(&mut self) -> Option<String> {
        self.turn += 1;

        self.nodes.address_from(self.turn)
    }

    /// What everybody knows to have happened.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

/// What everybody knows to have happened.
pub fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

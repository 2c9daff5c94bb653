//! What the load has to have happened: every kind of transfer, and all that redemptions and cases can come to. A kind
//! that is new is not shown until somebody acts so that it happens.

use std::collections::BTreeMap;

use anyhow::Result;
use parlor_domain::dispute::DisputeStatus;
use parlor_domain::points::TransferKind;
use parlor_domain::reward::RedemptionStatus;

use crate::database::Truth;

/// So many seeds show all of it, and fewer need not.
pub const SEEDS: usize = 50;

/// How often each thing happened, as the databases have it, by its name.
pub type Shown = BTreeMap<&'static str, u64>;

/// Which act of the load moves points so.
fn moved_by(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Granted => "granted",
        TransferKind::Charged => "charged",
        TransferKind::Redeemed => "redeemed",
        TransferKind::Refunded => "refunded",
        TransferKind::ClawedBack => "clawed back",
        TransferKind::DebtIncurred => "debt incurred",
        TransferKind::DebtPaid => "debt paid",
        TransferKind::Returned => "returned by a case",
    }
}

/// What a redemption becomes, unless no run lasts so long.
fn becomes(status: RedemptionStatus) -> Option<&'static str> {
    match status {
        RedemptionStatus::Unfulfilled => Some("redemption open"),
        RedemptionStatus::Fulfilled => Some("redemption fulfilled"),
        RedemptionStatus::Canceled => Some("redemption canceled"),
        RedemptionStatus::Entered => Some("redemption entered"),
        RedemptionStatus::NotDrawn => Some("redemption not drawn"),
        // What is open is kept for a minute at least once its session is over, and a run lasts for a quarter of one.
        RedemptionStatus::Expired => None,
    }
}

/// What a case comes to.
fn comes_to(status: DisputeStatus) -> &'static str {
    match status {
        DisputeStatus::Open => "case open",
        DisputeStatus::Resolved => "case resolved",
        DisputeStatus::Dismissed => "case dismissed",
        DisputeStatus::Withdrawn => "case withdrawn",
    }
}

/// What no rows of a status or a kind say.
const OTHERS: [(&str, &str); 3] = [
    ("minutes credited", "watch_credits"),
    (
        "draw won",
        "redemptions WHERE drawn_at IS NOT NULL AND status <> 'not_drawn'",
    ),
    (
        "taken back by a case",
        "transfers WHERE dispute_id IS NOT NULL AND kind = 5",
    ),
];

/// What two of the staff did at the same moment, of whom one was told that the other had: no row says so, and whoever acts
/// counts it.
pub const AT_ONCE: [&str; 2] = [
    "redemption settled by two at once",
    "case ended by two at once",
];

/// Counts what has happened in a database.
pub async fn count(truth: &mut Truth) -> Result<Shown> {
    let mut wanted: Vec<(&'static str, String)> = Vec::new();
    for kind in TransferKind::ALL {
        let code = kind.code();
        wanted.push((moved_by(kind), format!("transfers WHERE kind = {code}")));
    }
    for status in RedemptionStatus::ALL {
        if let Some(name) = becomes(status) {
            let status = status.as_str();
            wanted.push((name, format!("redemptions WHERE status = '{status}'")));
        }
    }
    for status in DisputeStatus::ALL {
        let (name, status) = (comes_to(status), status.as_str());
        wanted.push((name, format!("disputes WHERE status = '{status}'")));
    }
    for (name, of) in OTHERS {
        wanted.push((name, of.to_owned()));
    }

    let mut shown = Shown::new();
    for (name, of) in wanted {
        let select = format!("SELECT CAST(COUNT(*) AS TEXT) FROM {of}");
        let rows = truth.rows(&select).await?;
        shown.insert(name, rows[0][0].parse()?);
    }
    Ok(shown)
}

/// What never happened.
pub fn missing(shown: &Shown) -> Vec<&'static str> {
    let never = shown.iter().filter(|(_, times)| **times == 0);

    never.map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_never_happened_is_named_and_no_two_things_share_a_name() {
        let mut names: Vec<&str> = TransferKind::ALL.map(moved_by).to_vec();
        names.extend(RedemptionStatus::ALL.into_iter().filter_map(becomes));
        names.extend(DisputeStatus::ALL.map(comes_to));
        names.extend(OTHERS.map(|(name, _)| name));
        names.extend(AT_ONCE);
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());

        let mut shown: Shown = names.into_iter().map(|name| (name, 1)).collect();
        assert_eq!(missing(&shown), [""; 0]);
        shown.insert("debt paid", 0);
        assert_eq!(missing(&shown), ["debt paid"]);
    }
}

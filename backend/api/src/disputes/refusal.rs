//! What the rules of disputes refuse.

use async_graphql::ID;
use parlor_domain::room_aggregate::DisputeRefusal;

use crate::format_time;
use crate::global_id::IdKind;
use crate::refusal::Refusal;

impl From<DisputeRefusal> for Refusal {
    fn from(refusal: DisputeRefusal) -> Self {
        let code = match refusal {
            DisputeRefusal::Act(refusal) => return refusal.into(),
            DisputeRefusal::Target(refusal) => return refusal.into(),
            DisputeRefusal::NotFound(id) => {
                return Self::not_found("Dispute", &IdKind::Dispute.id(id.0));
            }
            DisputeRefusal::RedemptionNotFound(id) => {
                return Self::not_found("Redemption", &IdKind::Redemption.id(id.0));
            }
            DisputeRefusal::LineNotFound(seq) => {
                return Self::not_found("PointsTransfer", &ID(seq.to_string()));
            }
            DisputeRefusal::OnOneself => return Self::auth("ON_ONESELF", refusal),
            DisputeRefusal::Outranked => return Self::auth("OUTRANKED", refusal),
            DisputeRefusal::KeyReused(_) => "KEY_REUSED",
            DisputeRefusal::NothingMoved => "NOTHING_MOVED",
            DisputeRefusal::AlreadyDisputed(id) => {
                let id = IdKind::Dispute.id(id.0);
                let which = format!("{refusal}: {}", id.as_str());
                return Self::conflict("ALREADY_DISPUTED", which);
            }
            DisputeRefusal::TooManyToday { again_at, .. } => {
                let until = format!("{refusal}, until {}", format_time(again_at));
                return Self::conflict("TOO_MANY_DISPUTES_TODAY", until);
            }
            DisputeRefusal::TooManyOpen(_) => "TOO_MANY_DISPUTES",
            DisputeRefusal::AlreadyClosed => "ALREADY_CLOSED",
            DisputeRefusal::HeldByStaff => "HELD_BY_STAFF",
            DisputeRefusal::NotFulfilled => "NOT_FULFILLED",
            DisputeRefusal::TooMuch { .. } => "REFUND_TOO_MUCH",
            DisputeRefusal::TotalsFull => "TOTALS_FULL",
            DisputeRefusal::DebtLimit { .. } => "DEBT_LIMIT",
        };

        Self::conflict(code, refusal)
    }
}

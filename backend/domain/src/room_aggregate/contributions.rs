//! A provider's message about a contribution, applied to a room.

use super::{AnswerKey, Answered, ContributionRef, Fingerprint, Operation, RoomAggregate};
use crate::contribution::{Contribution, Report, STAFF_PROVIDER, Status};
use crate::event::EventBody;
use crate::id::{ContributionId, IdSource, ViewerId};
use crate::room::RoomState;
use crate::time::ServerTime;
use crate::weighing::Weighed;

/// Why a report was refused, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordContributionRefusal {
    #[error("the idempotency key `{0}` was used for other content")]
    KeyReused(String),
    #[error("an archived room takes no contributions entered by hand")]
    RoomArchived,
    #[error("the contribution `{0}` was reported to another room")]
    ReportedElsewhere(String),
    #[error("the contribution `{0}` was reported with another kind, amount or viewer")]
    ContributionDiffers(String),
}

/// Where a contribution was reported that a message speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    Here(Box<Contribution>),
    /// To another room of the tenant, whose contribution it stays.
    Elsewhere,
}

impl RoomAggregate {
    /// Applies `report`. Reported again under the same key, it gets the first answer again.
    ///
    /// Money from a provider is recorded whatever state the room is in; only an open room shows it.
    pub fn record_contribution(
        &mut self,
        report: Report,
        fingerprint: Fingerprint,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Contribution, RecordContributionRefusal> {
        let key = AnswerKey::of_report(&report);
        let first = self.first_answer(&key, fingerprint, Answered::contribution);
        if let Some(first) = first.map_err(RecordContributionRefusal::KeyReused)? {
            return Ok(first);
        }
        if self.room.state == RoomState::Archived && report.provider == STAFF_PROVIDER {
            return Err(RecordContributionRefusal::RoomArchived);
        }
        let reference = ContributionRef::of_report(&report);
        let known = match self.known.contributions.get(&reference) {
            Some(Reported::Here(known)) => Some(Contribution::clone(known)),
            Some(Reported::Elsewhere) => {
                return Err(RecordContributionRefusal::ReportedElsewhere(
                    report.contribution_ref,
                ));
            }
            None => None,
        };
        if known.as_ref().is_some_and(|known| !known.is_about(&report)) {
            return Err(RecordContributionRefusal::ContributionDiffers(
                report.contribution_ref,
            ));
        }

        let contribution = match known {
            None => self.record_first_report(report, ids, now),
            Some(known) => {
                let status = report.status;
                self.record_next_report(known.or_from(report), status, ids, now)
            }
        };
        let answered = Answered::Contribution(Box::new(contribution.clone()));
        self.answer(key, fingerprint, answered);

        Ok(contribution)
    }

    fn record_first_report(
        &mut self,
        report: Report,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Contribution {
        let weighed = Weighed::of(
            &report.gift,
            &self.program_in_force().weights,
            &self.room.reference_currency,
            self.known.rates.as_deref(),
        );
        let contribution = Contribution {
            id: ContributionId::next(ids),
            worth: weighed.worth,
            hype: weighed.hype,
            not_counted: weighed.not_counted,
            provider: report.provider,
            contribution_ref: report.contribution_ref,
            gift: report.gift,
            viewer: report.viewer,
            message: report.message,
            status: report.status,
            train_id: None,
            occurred_at: report.occurred_at.unwrap_or(now),
            recorded_at: self.stamp(now),
        };

        self.changes.first_reported.insert(contribution.id);
        match contribution.status {
            Status::Settled => self.settle(contribution, ids, now),
            Status::Pending | Status::Reversed => self.put_contribution(contribution),
        }
    }

    /// Messages come out of order and more than once: settling happens once, and a reversal is
    /// final.
    fn record_next_report(
        &mut self,
        mut contribution: Contribution,
        status: Status,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Contribution {
        match (contribution.status, status) {
            (Status::Pending, Status::Settled) => {
                contribution.status = Status::Settled;
                self.settle(contribution, ids, now)
            }
            (Status::Pending, Status::Reversed) => {
                contribution.status = Status::Reversed;
                self.put_contribution(contribution)
            }
            (Status::Settled, Status::Reversed) => {
                contribution.status = Status::Reversed;
                self.uncouple(&contribution, ids, now);
                self.put_contribution(contribution)
            }
            (Status::Pending, Status::Pending) => self.put_contribution(contribution),
            (Status::Settled, Status::Pending | Status::Settled) | (Status::Reversed, _) => {
                contribution
            }
        }
    }

    fn settle(
        &mut self,
        contribution: Contribution,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Contribution {
        let contribution = self.put_contribution(contribution);
        if self.room.state != RoomState::Open {
            return contribution;
        }

        self.append(
            EventBody::ContributionReceived(contribution.alert()),
            ids,
            now,
        );
        // What weighs nothing starts no train and keeps none going.
        if contribution.hype > 0 {
            self.couple(&contribution, ids, now);
        }

        // Coupling notes which train the contribution counts in.
        let coupled = self.changes.contributions.get(&contribution.id);
        coupled.cloned().unwrap_or(contribution)
    }

    fn put_contribution(&mut self, contribution: Contribution) -> Contribution {
        let reference = ContributionRef::of(&contribution);
        self.known
            .contributions
            .put(reference, Reported::Here(Box::new(contribution.clone())));
        self.changes
            .contributions
            .insert(contribution.id, contribution.clone());

        contribution
    }
}

impl AnswerKey {
    /// A report's key is its provider's id of the message.
    pub fn of_report(report: &Report) -> Self {
        Self {
            actor: report.provider.clone(),
            operation: Operation::RecordContribution,
            key: report.idempotency_key.clone(),
        }
    }
}

impl ContributionRef {
    /// The reference that `report` speaks of.
    pub fn of_report(report: &Report) -> Self {
        Self {
            provider: report.provider.clone(),
            contribution_ref: report.contribution_ref.clone(),
        }
    }

    /// The reference of `contribution`.
    pub fn of(contribution: &Contribution) -> Self {
        Self {
            provider: contribution.provider.clone(),
            contribution_ref: contribution.contribution_ref.clone(),
        }
    }
}

impl Contribution {
    /// A message that does not say who gave may be about anybody's, and what somebody gave who was erased since may be
    /// whoever's the message says: nobody knows any more.
    fn is_about(&self, report: &Report) -> bool {
        let is_theirs = match (self.viewer_id(), report.viewer_id()) {
            (Some(known), Some(told)) => known == told || known.is_erased(),
            (None, _) | (_, None) => true,
        };

        self.gift == report.gift && is_theirs
    }

    /// Nothing of what was told before it settles is told again, so that who gave and what they said may come later.
    /// Of somebody who was erased it does not come again.
    fn or_from(mut self, report: Report) -> Self {
        let is_erased = self.viewer_id().is_some_and(ViewerId::is_erased);
        if self.status == Status::Pending && !is_erased {
            let known = self.viewer.take();
            self.viewer = match (known, report.viewer) {
                // Whoever has an id is called as they were with it, if they were called anything.
                (Some(known), Some(told)) if known.id.is_none() && told.id.is_some() => {
                    Some(told.or_name_of(known))
                }
                (Some(known), Some(told)) => Some(known.or_name_of(told)),
                (known, told) => known.or(told),
            };
            self.message = self.message.or(report.message);
        }

        self
    }
}

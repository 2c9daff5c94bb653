//! Paid memberships that providers tell of.

use parlor_domain::id::MembershipId;
use parlor_domain::membership::{MembershipReport, RawMembershipReport, Span, Standing, Status};
use parlor_domain::room_aggregate::{MembershipRef, RecordMembershipRefusal, ToldOf};
use parlor_domain::time::ServerTime;
use serde_json::{Value, json};

use crate::codes::VALIDATION;
use crate::step::Step;
use crate::world::{World, viewer};

impl World {
    /// Takes in what is told, and answers what the membership is now.
    pub(crate) fn tell_of_membership(&mut self, step: &Step) -> Result<Value, &'static str> {
        let Step::Membership {
            who,
            reference,
            message,
            status,
            tier,
            starts_at,
            ends_at,
            occurred_at,
        } = step
        else {
            unreachable!("{step:?} is about no membership");
        };
        let at = |millis: &i64| ServerTime::from_unix_millis(*millis);
        let report = MembershipReport::parse(RawMembershipReport {
            idempotency_key: message.to_string(),
            provider: "stripe".to_owned(),
            membership_ref: reference.to_string(),
            viewer_id: (*who).to_owned(),
            status: serde_json::from_value::<Status>(json!(status)).unwrap(),
            tier: *tier,
            period_starts_at: at(starts_at),
            period_ends_at: at(ends_at),
            months: None,
            is_gift: false,
            giver_id: None,
            giver_name: None,
            occurred_at: at(occurred_at),
        });
        let report = report.map_err(|_| VALIDATION)?;
        let reference = MembershipRef::of_report(&report);
        self.room.known.memberships.ask(reference);
        let recorded = self.room.record_membership(report, &mut self.ids, self.now);
        let recorded = recorded.map_err(|refusal| match refusal {
            RecordMembershipRefusal::MembershipDiffers(_) => "MEMBERSHIP_DIFFERS",
            RecordMembershipRefusal::RoomArchived | RecordMembershipRefusal::ToldElsewhere(_) => {
                unreachable!("it is one provider's, and there is one room")
            }
        })?;
        let standing = Standing::at(self.now, &recorded.spans());

        Ok(standing.map_or(Value::Null, |standing| {
            json!([standing.tier, standing.until.unix_millis()])
        }))
    }

    /// What the store does for whoever joins: what was told of them before is theirs by their number.
    pub(crate) fn number_memberships(&mut self, who: &str) {
        let number = self.person(who).expect("they have just joined").number;
        let known = &mut self.room.known;
        let told = known
            .memberships
            .found()
            .filter_map(|(_, told)| match told {
                ToldOf::Here(told) if told.viewer_id == viewer(who) => Some(told),
                ToldOf::Here(_) | ToldOf::Elsewhere => None,
            });
        let spans: Vec<(MembershipId, Span)> = told
            .flat_map(|told| told.spans().into_iter().map(|span| (told.id, span)))
            .collect();
        let mut tiers = known.tiers.take(&0).unwrap_or_default();
        tiers.insert(number, spans);
        known.tiers.put(0, tiers);
    }
}

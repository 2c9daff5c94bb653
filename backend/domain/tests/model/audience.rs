//! Minutes that somebody watched.

use std::collections::BTreeMap;

use parlor_domain::id::RoomId;
use parlor_domain::id::SessionId;
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::{WatchProof, WatchedMinute};
use parlor_domain::watching::{Minute, NumberSet, SlotOutcome, ViewerMinute, check_membership};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::codes::{self, Coded};
use crate::step::Says;
use crate::world::{STAFF, World, viewer};

impl World {
    /// Credits the minute to whoever may watch, and answers each.
    pub(crate) fn credit(
        &mut self,
        proof: Says,
        session: usize,
        minute: i64,
        viewers: &[&'static str],
    ) -> Result<Value, &'static str> {
        let minute = Minute(minute);
        let known: Vec<_> = viewers
            .iter()
            .map(|name| (*name, self.may_watch(name, minute)))
            .collect();
        let members = known.iter().filter_map(|(_, number)| number.ok());
        let members = NumberSet::new(members.collect()).unwrap();
        let watched = WatchedMinute {
            session_id: Some(self.session(session)),
            minute,
            proof: self.proof(proof, &members, minute),
            members,
        };
        let (ids, now) = (&mut self.ids, self.now);
        let credited = self.room.credit_watching(&watched, ids, now);
        let credited = credited.map_err(|refusal| refusal.code())?;

        let outcomes: BTreeMap<_, _> = credited.outcomes.iter().copied().collect();
        let points: BTreeMap<_, _> = credited
            .legs
            .iter()
            .map(|leg| (leg.member, leg.points))
            .collect();
        let told = known.into_iter().map(|(name, number)| {
            let outcome = number.map_or_else(|outcome| outcome, |number| outcomes[&number]);
            let points = number.ok().and_then(|number| points.get(&number));
            json!([name, codes::outcome(outcome), points.copied().unwrap_or(0)])
        });
        Ok(told.collect())
    }

    /// Notes that the viewer's minute counts in another room, if there is a place left.
    pub(crate) fn take_place(&mut self, who: &str, minute: i64, room_id: RoomId) {
        let of = ViewerMinute {
            minute: Minute(minute),
            viewer_id: viewer(who),
        };
        let known = &mut self.room.known.places;
        known.ask(of.clone());
        let mut places = known.get(&of).copied().unwrap_or_default();
        if !places.have(room_id)
            && let Some(place) = places.free()
        {
            places.take(place, room_id).unwrap();
            known.put(of, places);
        }
    }

    fn may_watch(&self, name: &str, minute: Minute) -> Result<MemberNumber, SlotOutcome> {
        let one = self.person(name).ok_or(SlotOutcome::NotAMember)?;
        check_membership(one.membership, one.joined_at, one.left_at, minute)?;

        Ok(one.number)
    }

    fn session(&self, index: usize) -> SessionId {
        let found = self.sessions.get(index).copied();
        found.unwrap_or(SessionId(Uuid::max()))
    }

    fn proof(&mut self, says: Says, members: &NumberSet, minute: Minute) -> WatchProof {
        if says == Says::Staff {
            return WatchProof::Staff(viewer(STAFF));
        }
        let members = members.as_slice().iter();
        let viewers: BTreeMap<_, _> = members
            .map(|number| (*number, viewer(self.name(*number))))
            .collect();
        for viewer_id in viewers.values().cloned() {
            self.room
                .known
                .places
                .ask(ViewerMinute { minute, viewer_id });
        }

        WatchProof::Devices(viewers)
    }
}

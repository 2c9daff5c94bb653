//! In which rooms viewers' minutes count: looked up, and claimed for what the batch credits.
//!
//! A place is one room's. What a batch takes is inserted before anything else is written, in the order of the
//! keys; see [`super::claims`].

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::watching::{Minute, ViewerMinute};

use super::rooms::Rooms;
use crate::contribution_row::read_viewer_id;
use crate::engine::Transaction;
use crate::sql::{corrupt, row};

pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let mut asked_by: BTreeMap<(ViewerMinute, TenantId), Vec<RoomId>> = BTreeMap::new();
    for locked in rooms.all_mut() {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        for of in &locked.needs.points.places {
            locked.aggregate.known.places.ask(of.clone());
            let asked_by = asked_by.entry((of.clone(), tenant_id)).or_default();
            asked_by.push(room_id);
        }
    }
    let keys = asked_by
        .keys()
        .map(|(of, tenant_id)| row![of.minute.0, *tenant_id, of.viewer_id.as_str()])
        .collect();
    let text = "SELECT watch_places.minute, watch_places.tenant_id, watch_places.viewer_id,
             watch_places.place, watch_places.room_id
         FROM wanted CROSS JOIN watch_places
         WHERE watch_places.minute = wanted.minute AND watch_places.tenant_id = wanted.tenant_id
             AND watch_places.viewer_id = wanted.viewer_id";

    let table = "wanted (minute, tenant_id, viewer_id)";
    for mut row in transaction.look_up(table, keys, text).await? {
        let minute = Minute(row.take()?);
        let tenant_id = TenantId(row.take()?);
        let viewer_id = read_viewer_id(&row.take::<String>()?)?;
        let place: i64 = row.take()?;
        let taken_by = RoomId(row.take()?);
        let of = ViewerMinute { minute, viewer_id };
        for room_id in asked_by.get(&(of.clone(), tenant_id)).into_iter().flatten() {
            rooms.read_into((*room_id, tenant_id), "place", |locked| {
                let known = &mut locked.aggregate.known.places;
                let mut places = known.get(&of).copied().unwrap_or_default();
                let taken = usize::try_from(place).map_err(|_| place);
                let taken = taken.and_then(|at| places.take(at, taken_by).map_err(|_| place));
                taken.map_err(|place| corrupt(format!("there is no place {place}")))?;
                known.put(of.clone(), places);
                Ok(())
            })?;
        }
    }

    Ok(())
}

/// Whether there is anything to claim.
pub(super) fn claims_something(rooms: &Rooms) -> bool {
    let mut rooms = rooms.all();
    rooms.any(|locked| !locked.aggregate.changes.places.is_empty())
}

/// Inserts what the batch takes. Returns whether all of the places were free.
pub(super) async fn claim(
    transaction: &mut Transaction,
    rooms: &Rooms,
) -> Result<bool, sqlx::Error> {
    let mut taken = BTreeSet::new();
    for of in rooms.all().map(|locked| &locked.aggregate) {
        for (one, place) in &of.changes.places {
            taken.insert((one, of.room.tenant_id, *place, of.room.id));
        }
    }

    let count = taken.len();
    let places = taken
        .into_iter()
        .map(|(of, tenant_id, place, room_id)| {
            let place = i64::try_from(place).expect("places are few");
            row![
                of.minute.0,
                tenant_id,
                of.viewer_id.as_str(),
                place,
                room_id
            ]
        })
        .collect();
    let insert = "INSERT INTO watch_places (minute, tenant_id, viewer_id, place, room_id) ";
    let free = " ON CONFLICT (minute, tenant_id, viewer_id, place) DO NOTHING";

    Ok(transaction.insert(insert, places, free).await? == count)
}

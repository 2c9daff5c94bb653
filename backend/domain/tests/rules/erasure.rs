//! Putting a person out of a room who is being erased.

use parlor_domain::audit::{AuditAction, AuditEntry};
use parlor_domain::erasure::ERASED_NAME;
use parlor_domain::event::EventBody;
use parlor_domain::participant::Capability::StageSpeak;
use parlor_domain::participant::{Membership, Overrides, Role};
use parlor_domain::room_aggregate::Actor;

use crate::cases::deny;
use crate::company::{Company, Do, STAFF, viewer};

/// Has `name` put out as whoever is erased is, and returns what the room was told, and what its trail says.
fn erase(company: &mut Company, name: &str) -> (Vec<EventBody>, Vec<AuditEntry>) {
    let id = company.get(name).unwrap().id;
    let staff = Actor {
        viewer_id: viewer(STAFF),
        is_staff: true,
    };
    company.stage.begin_batch();
    let (aggregate, now) = (&mut company.stage.aggregate, company.stage.now);
    let (told, audited) = (aggregate.head.seq, aggregate.census.audited);
    aggregate.known.people.ask(id);
    aggregate.erase_participant(&staff, id, &mut company.stage.ids, now);

    let changes = &company.stage.aggregate.changes;
    let events = changes.events.iter().filter(|event| event.seq > told);
    let audit = changes.audit.iter().filter(|entry| entry.seq > audited);
    let events = events.map(|event| event.body.clone());
    (events.collect(), audit.cloned().collect())
}

#[test]
fn the_last_owner_of_an_archived_room_is_put_out_like_everybody() {
    let mut company = Company::assembled();
    company.act(STAFF, deny("olga", StageSpeak)).unwrap();
    company.act(STAFF, Do::Archive).unwrap();
    let before = company.get("olga").unwrap();
    assert_eq!(company.stage.aggregate.census.owners, 1);

    let (told, audit) = erase(&mut company, "olga");
    let olga = company.get("olga").unwrap();
    assert_eq!(
        (olga.membership, olga.role, &olga.name[..]),
        (Membership::Removed, Role::Member, ERASED_NAME)
    );
    assert_eq!(olga.overrides, Overrides::default());
    assert_eq!((olga.id, olga.number), (before.id, before.number));
    let census = company.stage.aggregate.census;
    assert_eq!((census.owners, census.joined), (0, 3));
    let [EventBody::ParticipantRemoved(told)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((&told.name[..], told.is_listed), (ERASED_NAME, false));
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].action, AuditAction::PersonErased);
    assert_eq!(
        (&audit[0].actor_id, audit[0].participant_id),
        (&viewer(STAFF), Some(olga.id))
    );
}

#[test]
fn whoever_was_put_out_so_is_not_put_out_again() {
    let mut company = Company::assembled();
    company.act("mo", Do::Remove("ana")).unwrap();
    let (told, audit) = erase(&mut company, "ana");
    assert_eq!(told, [], "nobody was shown them any more");
    assert_eq!(
        audit.len(),
        1,
        "whoever was removed before still had a name"
    );
    assert_eq!(erase(&mut company, "ana"), (Vec::new(), Vec::new()));
}

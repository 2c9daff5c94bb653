//! What somebody tells everyone in a room: by whom, once, and at the position that was answered.

use parlor_domain::event::{Announcement, Event, EventBody};
use parlor_domain::participant::Role;
use parlor_domain::room_aggregate::{AnswerKey, TellRefusal, Telling};

use crate::company::{Company, Do, STAFF};
use crate::shop::actor;

#[test]
fn who_may_tell_everyone_something() {
    let mut company = Company::assembled();
    for (name, refused) in [
        (STAFF, None),
        ("olga", None),
        ("mo", None),
        ("ana", Some("CapabilityMissing(RoomTell)")),
        ("nobody", Some("NotJoined")),
    ] {
        company.stage.begin_batch();
        let told = tell(&mut company, name, name, "hello");
        let why = told.err().map(|why| format!("{why:?}"));
        assert_eq!(why, refused.map(|it| format!("Act({it})")), "{name}");
    }
    company.act(STAFF, Do::Archive).unwrap();
    company.stage.begin_batch();

    let told = tell(&mut company, STAFF, "another key", "hello");
    assert_eq!(format!("{:?}", told.unwrap_err()), "Act(RoomArchived)");
}

#[test]
fn a_key_tells_once_for_each_who_chooses_it() {
    let mut company = Company::assembled();
    company.stage.begin_batch();
    let first = tell(&mut company, "mo", "key", "hello").unwrap();

    assert_eq!(tell(&mut company, "mo", "key", "hello"), Ok(first.clone()));
    let other = tell(&mut company, "mo", "key", "something else");
    assert_eq!(other, Err(TellRefusal::KeyReused("key".to_owned())));
    let by_another = tell(&mut company, "olga", "key", "hello").unwrap();
    assert_eq!(by_another.seq, first.seq + 1);
    assert_eq!(company.stage.aggregate.changes.events.len(), 2);
}

#[test]
fn what_was_told_stays_at_the_position_that_was_answered() {
    let mut company = Company::assembled();
    company.stage.begin_batch();
    let act = |company: &mut Company, role| {
        company.act_on(STAFF, Do::Assign("ben", role)).unwrap();
    };

    act(&mut company, Role::Moderator);
    let told = tell(&mut company, "mo", "key", "hello").unwrap();
    // Takes the place of the first change, which stood before what was told.
    act(&mut company, Role::Member);

    let events = &company.stage.aggregate.changes.events;
    assert!(events.contains(&told), "{events:?}");
    let seqs: Vec<_> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [told.seq - 1, told.seq, told.seq + 1]);
}

fn tell(company: &mut Company, name: &str, key: &str, text: &str) -> Result<Event, TellRefusal> {
    let body = EventBody::AnnouncementMade(Announcement::new(text).unwrap());
    let telling = Telling::new(key.to_owned(), body).unwrap();
    let stage = &mut company.stage;
    let known = &mut stage.aggregate.known;
    known
        .answers
        .ask(AnswerKey::of_telling(&actor(name), &telling));
    known.people.ask_viewer(actor(name).viewer_id);
    // A digest that tells texts apart.
    let mut fingerprint = [0; 32];
    fingerprint[..text.len()].copy_from_slice(text.as_bytes());
    let (ids, now) = (&mut stage.ids, stage.now);

    stage
        .aggregate
        .tell(&actor(name), &telling, fingerprint, ids, now)
}

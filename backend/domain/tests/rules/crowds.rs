//! More people than a small room holds, and where lists of them end.

use parlor_domain::participant::{ROLE_HOLDERS_MAX, Role, SMALL_ROOM_MAX};
use parlor_domain::stage::STAGE_QUEUE_MAX;

use crate::cases::name;
use crate::company::{Company, Do, STAFF};

/// Names for more people than tables need.
pub(crate) fn crowd(size: i64) -> Vec<&'static str> {
    (0..size).map(|n| &*format!("guest-{n}").leak()).collect()
}

pub(crate) fn kinds_since(company: &Company, seq: i64) -> Vec<&'static str> {
    company.stage.kinds_since(seq)
}

#[test]
fn a_large_room_tells_of_its_audience_by_count() {
    let mut company = Company::new();
    let guests = crowd(SMALL_ROOM_MAX + 2);
    for guest in &guests {
        company.act(guest, Do::Join).unwrap();
    }
    let head = company.stage.aggregate.head.seq;
    // The room's own event, and one for each who joined while it was small.
    assert_eq!(head, 1 + SMALL_ROOM_MAX);
    let (early, late) = (guests[0], guests[guests.len() - 1]);
    assert!(company.get(early).unwrap().is_listed);
    assert!(!company.get(late).unwrap().is_listed);

    company.act(late, Do::Rename(late, "Late")).unwrap();
    company.act(late, Do::Leave).unwrap();
    company.act(late, Do::Join).unwrap();
    assert_eq!(kinds_since(&company, head), [""; 0]);

    // Whoever asks for the stage is named, and goes back among the audience without one.
    company.act(late, Do::Request).unwrap();
    company.act(late, Do::Withdraw).unwrap();
    assert_eq!(
        kinds_since(&company, head),
        ["ParticipantStageChanged", "ParticipantStageChanged"]
    );
    assert!(company.stage.events().last().unwrap().body.empties_part());
    // So does somebody who came early, at their next change.
    company.act(early, Do::Rename(early, "Early")).unwrap();
    assert!(company.stage.events().last().unwrap().body.empties_part());
    let head = company.stage.aggregate.head.seq;
    company.act(early, Do::Leave).unwrap();
    assert_eq!(company.stage.aggregate.head.seq, head);
}

#[test]
fn the_queue_and_the_roles_have_an_end() {
    let mut company = Company::new();
    let guests = crowd(STAGE_QUEUE_MAX + 1);
    for guest in &guests {
        company.act(guest, Do::Join).unwrap();
    }
    let (last, others) = guests.split_last().unwrap();
    for guest in others {
        company.act(guest, Do::Request).unwrap();
    }
    assert_eq!(company.act(last, Do::Request), Err(name("QueueFull")));
    assert_eq!(company.act(STAFF, Do::Invite(last)), Err(name("QueueFull")));
    company.act(STAFF, Do::Invite(others[7])).unwrap();

    let holders = usize::try_from(ROLE_HOLDERS_MAX).unwrap();
    for guest in &guests[..holders] {
        company
            .act(STAFF, Do::Assign(guest, Role::Moderator))
            .unwrap();
    }
    let one_more = Do::Assign(guests[holders], Role::Owner);
    assert_eq!(
        company.act(STAFF, one_more),
        Err(name("TooManyRoleHolders"))
    );
    company
        .act(STAFF, Do::Assign(guests[0], Role::Owner))
        .unwrap();
}

//! The cases of a batch's rooms, and what they are or are to be about.

use std::collections::BTreeSet;

use parlor_domain::dispute::{BookLine, OWN_DISPUTES_DAILY_MAX, STAFF_DISPUTES_DAILY_MAX, Subject};
use parlor_domain::id::{DisputeId, ParticipantId, RedemptionId, ViewerId};
use parlor_domain::points::MemberNumber;

use super::rooms::{Locked, RoomKey, Rooms};
use super::write::{Room, each};
use crate::dispute_row::{self, COLUMNS};
use crate::engine::Transaction;
use crate::sql::{Value, row};
use crate::transfer_row;
use crate::watching_row::{self, LEGS_COLUMNS};

/// What commands ask of disputes.
#[derive(Debug, Clone, Default)]
pub struct DisputeNeeds {
    /// What is decided on, with whom and what it is about.
    pub disputes: Vec<DisputeId>,
    /// What is opened. Whom it is about is to be asked for as a person as well.
    pub openings: Vec<Opening>,
}

/// What a dispute is to be opened about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Who opens it.
    pub viewer_id: ViewerId,
    /// Whose it is, unless it is theirs.
    pub participant_id: Option<ParticipantId>,
    pub subject: Subject,
}

/// Loads the cases that are decided on, and the lines that cases are about. Comes before the people and the
/// redemptions, for it says whom and what they are about.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    named(transaction, rooms).await?;
    lines(transaction, rooms).await?;
    for locked in rooms.all_mut() {
        ask_what_they_are_about(locked);
    }

    Ok(())
}

async fn named(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let ids: BTreeSet<_> = locked.needs.disputes.disputes.iter().copied().collect();
        for id in ids {
            locked.aggregate.known.disputes.ask(id);
            keys.push(row![locked.needs.room_id, locked.needs.tenant_id, id]);
        }
    }
    let text = format!(
        "SELECT disputes.room_id, disputes.tenant_id, {COLUMNS} FROM wanted CROSS JOIN disputes
         WHERE disputes.id = wanted.id AND disputes.room_id = wanted.room_id
             AND disputes.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, id)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "dispute", |locked, row| {
        let dispute = dispute_row::read(row)?;
        locked.aggregate.known.disputes.put(dispute);
        Ok(())
    })
}

/// Loads what stands at the positions of the books that cases are about, or are to be.
async fn lines(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let known = &mut locked.aggregate.known.disputes;
        let openings = locked.needs.disputes.openings.iter();
        let subjects = openings.map(|opening| opening.subject);
        let subjects: BTreeSet<_> = subjects
            .chain(known.found().map(|one| one.subject))
            .collect();
        for subject in subjects {
            if let Subject::Line(seq) = subject {
                known.ask_line(seq);
                keys.push(row![locked.needs.room_id, locked.needs.tenant_id, seq]);
            }
        }
    }
    let table = "wanted (room_id, tenant_id, seq)";
    let text = format!(
        "SELECT transfers.room_id, transfers.tenant_id, {} FROM wanted CROSS JOIN transfers
         WHERE transfers.room_id = wanted.room_id AND transfers.seq = wanted.seq
             AND transfers.tenant_id = wanted.tenant_id",
        transfer_row::COLUMNS
    );
    let rows = transaction.look_up(table, keys.clone(), &text).await?;
    rooms.read_rows(rows, "transfer", |locked, row| {
        let transfer = transfer_row::read(row)?.transfer;
        let (seq, line) = (transfer.seq, BookLine::Transfer(Box::new(transfer)));
        locked.aggregate.known.disputes.put_line(seq, line);
        Ok(())
    })?;
    let text = format!(
        "SELECT watch_credits.room_id, watch_credits.tenant_id, {LEGS_COLUMNS}
         FROM wanted CROSS JOIN watch_credits
         WHERE watch_credits.room_id = wanted.room_id AND watch_credits.seq = wanted.seq
             AND watch_credits.tenant_id = wanted.tenant_id"
    );
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "credit", |locked, row| {
        let legs = watching_row::read_legs(row)?;
        let (seq, line) = (legs.seq, BookLine::Credit(legs));
        locked.aggregate.known.disputes.put_line(seq, line);
        Ok(())
    })
}

/// Has everything looked up that is decided on with a case: the member with their points, and the redemption with
/// whatever settling it changes.
fn ask_what_they_are_about(locked: &mut Locked) {
    let (known, needs) = (&locked.aggregate.known.disputes, &mut locked.needs);
    let members = known.found().map(|one| one.participant_id);
    let members: Vec<_> = members.collect();
    needs.people.participants.extend(&members);
    needs.points.members.extend(members);
    let openings = needs.disputes.openings.iter().map(|one| one.subject);
    let subjects = openings.chain(known.found().map(|one| one.subject));
    let named = subjects.filter_map(|subject| match subject {
        Subject::Redemption(id) => Some(id),
        Subject::Line(_) => None,
    });
    let of_lines = known.lines().filter_map(BookLine::redemption_id);
    let redemptions: Vec<_> = named.chain(of_lines).collect();
    needs.rewards.redemptions.extend(redemptions);
}

/// Loads the open cases of those about whom one is opened, when their newest were opened, and all that there were about
/// the same. Comes after the people.
pub(super) async fn beside(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let beside = ask_beside(rooms);
    let members = beside.members.iter();
    let members: Vec<_> = members
        .map(|((room_id, tenant_id), number)| row![*room_id, *tenant_id, number.0])
        .collect();
    let redemptions = beside.redemptions.iter();
    let redemptions = redemptions
        .map(|((room_id, tenant_id), id)| row![*room_id, *tenant_id, *id])
        .collect();
    let lines = beside.lines.iter();
    let lines = lines
        .map(|((room_id, tenant_id), seq)| row![*room_id, *tenant_id, *seq])
        .collect();
    openings(transaction, rooms, &members).await?;

    let of = |condition: &str| {
        format!(
            "SELECT disputes.room_id, disputes.tenant_id, {COLUMNS} FROM wanted CROSS JOIN disputes
             WHERE {condition} AND disputes.room_id = wanted.room_id
                 AND disputes.tenant_id = wanted.tenant_id"
        )
    };
    for (table, keys, text) in [
        (
            "wanted (room_id, tenant_id, number)",
            members,
            of("disputes.number = wanted.number AND disputes.status = 'open'"),
        ),
        (
            "wanted (room_id, tenant_id, redemption_id)",
            redemptions,
            of("disputes.redemption_id = wanted.redemption_id"),
        ),
        (
            "wanted (room_id, tenant_id, seq)",
            lines,
            of("disputes.seq = wanted.seq"),
        ),
    ] {
        let rows = transaction.look_up(table, keys, &text).await?;
        rooms.read_rows(rows, "dispute", |locked, row| {
            let dispute = dispute_row::read(row)?;
            locked.aggregate.known.disputes.put(dispute);
            Ok(())
        })?;
    }

    Ok(())
}

/// What cases stand beside those that are opened, each once however many are opened.
#[derive(Debug, Default)]
struct Beside {
    members: BTreeSet<(RoomKey, MemberNumber)>,
    redemptions: BTreeSet<(RoomKey, RedemptionId)>,
    lines: BTreeSet<(RoomKey, i64)>,
}

fn ask_beside(rooms: &mut Rooms) -> Beside {
    let mut beside = Beside::default();
    for locked in rooms.all_mut() {
        let key = (locked.needs.room_id, locked.needs.tenant_id);
        for opening in &locked.needs.disputes.openings {
            let known = &mut locked.aggregate.known;
            let participant = match opening.participant_id {
                Some(id) => known.people.get(id),
                None => known.people.of_viewer(&opening.viewer_id),
            };
            if let Some(number) = participant.map(|one| one.number) {
                known.disputes.ask_member(number);
                beside.members.insert((key, number));
            }
            let line = match opening.subject {
                Subject::Line(seq) => known.disputes.line(seq),
                Subject::Redemption(_) => None,
            };
            let of_line = line.and_then(BookLine::redemption_id);
            let subject = of_line.map_or(opening.subject, Subject::Redemption);
            known.disputes.ask_subject(subject);
            match subject {
                Subject::Redemption(id) => beside.redemptions.insert((key, id)),
                Subject::Line(seq) => beside.lines.insert((key, seq)),
            };
        }
    }

    beside
}

/// Loads when the newest cases about members were opened, by them and by staff, as many as can be within a day: all that
/// were are among them, whatever time it is. The index has it all, and no case is read.
async fn openings(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    members: &[Vec<Value>],
) -> Result<(), sqlx::Error> {
    for (by_staff, most) in [
        (false, OWN_DISPUTES_DAILY_MAX),
        (true, STAFF_DISPUTES_DAILY_MAX),
    ] {
        let others = most - 1;
        let text = format!(
            "SELECT disputes.room_id, disputes.tenant_id, disputes.number, disputes.opened_at
             FROM wanted CROSS JOIN disputes
             WHERE disputes.room_id = wanted.room_id AND disputes.number = wanted.number
                 AND disputes.tenant_id = wanted.tenant_id AND disputes.by_staff = {by_staff}
                 AND disputes.opened_at >= COALESCE(
                     (SELECT newest.opened_at FROM disputes AS newest
                      WHERE newest.room_id = wanted.room_id AND newest.number = wanted.number
                          AND newest.by_staff = {by_staff}
                      ORDER BY newest.opened_at DESC LIMIT 1 OFFSET {others}), 0)"
        );
        let table = "wanted (room_id, tenant_id, number)";
        let rows = transaction.look_up(table, members.to_vec(), &text).await?;
        rooms.read_rows(rows, "dispute", |locked, row| {
            let (number, opened_at) = (MemberNumber(row.take_narrow()?), row.take_time()?);
            let disputes = &mut locked.aggregate.known.disputes;
            disputes.put_opening(number, by_staff, opened_at);
            Ok(())
        })?;
    }

    Ok(())
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let disputes = each(rooms, |aggregate| aggregate.changes.disputes.values())
        .into_iter()
        .map(|(of, (seq, one))| dispute_row::row(of.room.id, of.room.tenant_id, *seq, one))
        .collect();
    transaction
        .insert(dispute_row::INSERT, disputes, dispute_row::REPLACE)
        .await?;

    Ok(())
}

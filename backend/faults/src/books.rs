//! What must hold of a room's points after every step: what was acknowledged stands in the books, once, and nothing
//! does that nobody asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::access::uuid_of;
use crate::accounts::{Accounts, Move};
use crate::cases;
use crate::database::Truth;
use crate::shop::SLOT_POINTS;

/// Kinds of transfers, as the database has them.
const GRANTED: &str = "1";
const CHARGED: &str = "2";
const REFUNDED: &str = "4";
const CLAWED_BACK: &str = "5";
const DEBT_INCURRED: &str = "6";

/// A transfer that somebody asked for, as the books have it.
struct Written {
    seq: String,
    kind: String,
    points: i64,
    viewer: String,
    about: String,
}

/// What a clawback took at once, and what is owed by it since.
struct Taken {
    viewer: String,
    parts: [i64; 2],
}

/// A redemption as the database has it.
struct Bought {
    id: String,
    viewer: String,
    status: String,
    settled_by: String,
    refunded: i64,
}

/// Holds what is known of a room's points against its books.
pub async fn check(truth: &mut Truth, room: &str, accounts: &Accounts) -> Result<()> {
    let room = uuid_of(room).with_context(|| format!("no global id: {room}"))?;
    let written = written(truth, &room).await?;
    check_moves(&written, accounts)?;
    let bought = bought(truth, &room).await?;
    check_orders(&bought, accounts)?;
    let returned = cases::returned(truth, &room).await?;
    check_refunds(&written, &returned, &bought, accounts)?;
    let taken = taken(truth, &room).await?;
    check_clawbacks(&taken, accounts)?;
    accounts.cases.check(&cases::kept(truth, &room).await?)?;

    check_minutes(truth, &room, accounts).await
}

/// Grants and charges.
fn check_moves(written: &BTreeMap<String, Written>, accounts: &Accounts) -> Result<()> {
    for (key, one) in written.iter().filter(|(_, one)| one.kind != REFUNDED) {
        let sign = if one.kind == CHARGED { -1 } else { 1 };
        let found = Move {
            viewer: one.viewer.clone(),
            points: sign * one.points,
        };
        let sent = accounts.moves.get(key);
        ensure!(
            sent == Some(&found),
            "{key} is {found:?}, and was sent as {sent:?}"
        );
    }
    for (key, seq) in &accounts.moved {
        let found = written.get(key).map(|one| &one.seq);
        ensure!(
            found == Some(seq),
            "{key} was acknowledged at {seq} and stands at {found:?}"
        );
    }

    Ok(())
}

/// What was redeemed, and what became of it.
fn check_orders(bought: &BTreeMap<String, Bought>, accounts: &Accounts) -> Result<()> {
    for (key, one) in bought {
        let sent = accounts.orders.get(key);
        ensure!(
            sent == Some(&one.viewer),
            "{key} was redeemed by {}, and sent by {sent:?}",
            one.viewer
        );
    }
    for (key, id) in &accounts.redeemed {
        let found = bought.get(key).map(|one| &one.id);
        ensure!(
            found == Some(id),
            "{key} was acknowledged as {id} and is {found:?}"
        );
    }
    for one in bought.values() {
        if let Some(settled) = accounts.settled.get(&one.id) {
            ensure!(
                one.status == settled.status && one.settled_by == settled.by,
                "{} was acknowledged as {settled:?} and is {} by {:?}",
                one.id,
                one.status,
                one.settled_by
            );
        }
    }

    Ok(())
}

/// Points that were taken back by hand.
fn check_clawbacks(taken: &BTreeMap<String, Taken>, accounts: &Accounts) -> Result<()> {
    for (key, one) in taken {
        let found = Move {
            viewer: one.viewer.clone(),
            points: one.parts.iter().sum(),
        };
        let sent = accounts.clawbacks.get(key);
        ensure!(
            sent == Some(&found),
            "{key} is {found:?}, and was sent as {sent:?}"
        );
    }
    for (key, parts) in &accounts.clawed_back {
        let found = taken.get(key).map(|one| &one.parts);
        ensure!(
            found == Some(parts),
            "{key} was acknowledged as {parts:?} and is {found:?}"
        );
    }

    Ok(())
}

/// Points that were given back: by refunds, one at a time, and by cases.
fn check_refunds(
    written: &BTreeMap<String, Written>,
    returned: &BTreeMap<String, i64>,
    bought: &BTreeMap<String, Bought>,
    accounts: &Accounts,
) -> Result<()> {
    let mut refunded: BTreeMap<&str, i64> = BTreeMap::new();
    for (key, one) in written.iter().filter(|(_, one)| one.kind == REFUNDED) {
        let sent = accounts.refunds.get(key);
        ensure!(
            sent == Some(&one.about) && one.points == 1,
            "{key} gave back {} of {}, and was sent of {sent:?}",
            one.points,
            one.about
        );
        *refunded.entry(&one.about).or_default() += one.points;
    }
    for key in &accounts.refunded {
        ensure!(written.contains_key(key), "{key} was acknowledged");
    }
    for one in bought.values() {
        let by_cases = returned.get(&one.id).copied().unwrap_or_default();
        let found = by_cases + refunded.get(&*one.id).copied().unwrap_or_default();
        ensure!(
            one.refunded == found,
            "{} says that {} came back, and {found} did",
            one.id,
            one.refunded
        );
    }

    Ok(())
}

/// Every minute that counted brought the same, so that points say how many did.
async fn check_minutes(truth: &mut Truth, room: &str, accounts: &Accounts) -> Result<()> {
    let of_room = truth.is_id("room_id", room);
    let rows = truth
        .rows(&format!(
            "SELECT CAST(COALESCE(SUM(points), 0) AS TEXT) FROM watch_credits WHERE {of_room}"
        ))
        .await?;
    let points: i64 = rows[0][0].parse()?;
    let (least, most) = (accounts.counted.len(), accounts.watched.len());
    let bounds = [least, most].map(|count| i64::try_from(count).unwrap_or(i64::MAX) * SLOT_POINTS);
    ensure!(
        (bounds[0]..=bounds[1]).contains(&points) && points % SLOT_POINTS == 0,
        "{points} points were credited, of {most} minutes that were reported, and {least} that count"
    );

    Ok(())
}

/// Everything that carries a reason, which is its key, by that.
async fn written(truth: &mut Truth, room: &str) -> Result<BTreeMap<String, Written>> {
    let (about, of_room) = (
        truth.hex("transfers.about"),
        truth.is_id("transfers.room_id", room),
    );
    let rows = truth
        .rows(&format!(
            "SELECT reason, CAST(seq AS TEXT), CAST(kind AS TEXT), CAST(points AS TEXT),
                 participants.viewer_id, {about}
             FROM transfers JOIN participants
                 ON participants.room_id = transfers.room_id AND participants.number = transfers.number
             WHERE {of_room} AND kind IN ({GRANTED}, {CHARGED}, {REFUNDED}) AND dispute_id IS NULL"
        ))
        .await?;
    let mut written = BTreeMap::new();
    for row in rows {
        let one = Written {
            seq: row[1].clone(),
            kind: row[2].clone(),
            points: row[3].parse()?,
            viewer: row[4].clone(),
            about: row[5].clone(),
        };
        let key = row[0].clone();
        let before = written.insert(key.clone(), one);
        ensure!(before.is_none(), "{key} moved points twice");
    }

    Ok(written)
}

/// Everything that was taken back by hand, by its reason, which is its key.
async fn taken(truth: &mut Truth, room: &str) -> Result<BTreeMap<String, Taken>> {
    let of_room = truth.is_id("transfers.room_id", room);
    let part =
        |kind: &str| format!("CAST(SUM(CASE WHEN kind = {kind} THEN points ELSE 0 END) AS TEXT)");
    let (at_once, owed) = (part(CLAWED_BACK), part(DEBT_INCURRED));
    let rows = truth
        .rows(&format!(
            "SELECT reason, participants.viewer_id, {at_once}, {owed}
             FROM transfers JOIN participants
                 ON participants.room_id = transfers.room_id AND participants.number = transfers.number
             WHERE {of_room} AND kind IN ({CLAWED_BACK}, {DEBT_INCURRED}) AND dispute_id IS NULL
             GROUP BY reason, participants.viewer_id"
        ))
        .await?;
    let mut taken = BTreeMap::new();
    for row in rows {
        let one = Taken {
            viewer: row[1].clone(),
            parts: [row[2].parse()?, row[3].parse()?],
        };
        let before = taken.insert(row[0].clone(), one);
        ensure!(before.is_none(), "{} took from two", row[0]);
    }

    Ok(taken)
}

/// Everything that was redeemed, by what was said with it, which is its key.
async fn bought(truth: &mut Truth, room: &str) -> Result<BTreeMap<String, Bought>> {
    let (id, of_room) = (
        truth.hex("redemptions.id"),
        truth.is_id("redemptions.room_id", room),
    );
    let rows = truth
        .rows(&format!(
            "SELECT input, {id}, participants.viewer_id, status, settled_by, CAST(refunded AS TEXT)
             FROM redemptions JOIN participants ON participants.id = redemptions.participant_id
             WHERE {of_room}"
        ))
        .await?;
    let mut bought = BTreeMap::new();
    for row in rows {
        let one = Bought {
            id: row[1].clone(),
            viewer: row[2].clone(),
            status: row[3].clone(),
            settled_by: row[4].clone(),
            refunded: row[5].parse()?,
        };
        let key = row[0].clone();
        let before = bought.insert(key.clone(), one);
        ensure!(before.is_none(), "{key} was redeemed twice");
    }

    Ok(bought)
}

/// Where the books of a room stand, as `parlor verify` takes it. A room without books has no head.
pub async fn head(truth: &mut Truth, room: &str) -> Result<Option<String>> {
    let hex = uuid_of(room).with_context(|| format!("no global id: {room}"))?;
    let (digest, of_room) = (truth.bytes_hex("digest"), truth.is_id("room_id", &hex));
    let rows = truth
        .rows(&format!(
            "SELECT CAST(seq AS TEXT), {digest} FROM ledgers WHERE {of_room} AND seq > 0"
        ))
        .await?;

    Ok(rows
        .first()
        .map(|row| format!("{room}:{}:{}", row[0], row[1])))
}

/// Has `parlor verify` work all books through, and find again where they stood before.
pub fn verify(program: &Path, database: &str, heads: &BTreeSet<String>) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("verify").env("PARLOR_DATABASE", database);
    for head in heads {
        command.args(["--expect-head", head]);
    }
    let output = command.output().context("cannot run `parlor verify`")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "`parlor verify` is not content: {said}{errors}"
    );
    ensure!(
        said.contains("sound "),
        "`parlor verify` found no books: {said}"
    );

    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Settled;

    fn written(key: &str, kind: &str, points: i64) -> BTreeMap<String, Written> {
        let one = Written {
            seq: "1".to_owned(),
            kind: kind.to_owned(),
            points,
            viewer: "ana".to_owned(),
            about: "r".to_owned(),
        };

        BTreeMap::from([(key.to_owned(), one)])
    }

    #[test]
    fn a_grant_that_was_lost_or_nobody_sent_or_is_another_is_found() {
        let mut accounts = Accounts::default();
        check_moves(&BTreeMap::new(), &accounts).unwrap();
        assert!(check_moves(&written("k", GRANTED, 5), &accounts).is_err());

        let (viewer, points) = ("ana".to_owned(), 5);
        let sent = Move { viewer, points };
        accounts.moves.insert("k".to_owned(), sent);
        check_moves(&BTreeMap::new(), &accounts).unwrap();
        check_moves(&written("k", GRANTED, 5), &accounts).unwrap();
        assert!(check_moves(&written("k", GRANTED, 6), &accounts).is_err());
        assert!(check_moves(&written("k", CHARGED, 5), &accounts).is_err());

        accounts.acknowledge_move("k", "1").unwrap();
        assert!(accounts.acknowledge_move("k", "2").is_err());
        check_moves(&written("k", GRANTED, 5), &accounts).unwrap();
        assert!(check_moves(&BTreeMap::new(), &accounts).is_err());
    }

    #[test]
    fn a_redemption_that_was_lost_or_became_something_else_is_found() {
        let bought = |status: &str| {
            let one = Bought {
                id: "r".to_owned(),
                viewer: "ana".to_owned(),
                status: status.to_owned(),
                settled_by: "ann".to_owned(),
                refunded: 0,
            };
            BTreeMap::from([("k".to_owned(), one)])
        };
        let mut accounts = Accounts::default();
        assert!(check_orders(&bought("canceled"), &accounts).is_err());
        accounts.orders.insert("k".to_owned(), "ana".to_owned());
        check_orders(&bought("canceled"), &accounts).unwrap();
        accounts.acknowledge_order("k", "r").unwrap();
        assert!(check_orders(&BTreeMap::new(), &accounts).is_err());

        let (status, by) = ("fulfilled", "ann");
        let settled = Settled { status, by };
        accounts.acknowledge_settlement("r", settled).unwrap();
        check_orders(&bought("fulfilled"), &accounts).unwrap();
        assert!(check_orders(&bought("canceled"), &accounts).is_err());
        let (status, by) = ("canceled", "bob");
        let other = Settled { status, by };
        assert!(accounts.acknowledge_settlement("r", other).is_err());
    }

    #[test]
    fn a_refund_that_was_lost_or_made_twice_is_found() {
        let mut accounts = Accounts::default();
        accounts.refunds.insert("k".to_owned(), "r".to_owned());
        let bought = |refunded| {
            let one = Bought {
                id: "r".to_owned(),
                viewer: "ana".to_owned(),
                status: "fulfilled".to_owned(),
                settled_by: String::new(),
                refunded,
            };
            BTreeMap::from([("o".to_owned(), one)])
        };
        let none = BTreeMap::new();
        check_refunds(&written("k", REFUNDED, 1), &none, &bought(1), &accounts).unwrap();
        assert!(check_refunds(&written("k", REFUNDED, 1), &none, &bought(2), &accounts).is_err());
        let by_case = BTreeMap::from([("r".to_owned(), 1)]);
        check_refunds(&written("k", REFUNDED, 1), &by_case, &bought(2), &accounts).unwrap();
        assert!(check_refunds(&written("x", REFUNDED, 1), &none, &bought(1), &accounts).is_err());
        accounts.refunded.insert("k".to_owned());
        assert!(check_refunds(&BTreeMap::new(), &none, &bought(0), &accounts).is_err());
    }

    #[test]
    fn a_clawback_that_was_lost_or_nobody_sent_or_took_something_else_is_found() {
        let taken = |parts| {
            let viewer = "ana".to_owned();
            BTreeMap::from([("k".to_owned(), Taken { viewer, parts })])
        };
        let mut accounts = Accounts::default();
        assert!(check_clawbacks(&taken([3, 2]), &accounts).is_err());
        let (viewer, points) = ("ana".to_owned(), 5);
        let sent = Move { viewer, points };
        accounts.clawbacks.insert("k".to_owned(), sent);
        check_clawbacks(&BTreeMap::new(), &accounts).unwrap();
        check_clawbacks(&taken([3, 2]), &accounts).unwrap();
        assert!(check_clawbacks(&taken([3, 3]), &accounts).is_err());

        accounts.acknowledge_clawback("k", [3, 2]).unwrap();
        assert!(accounts.acknowledge_clawback("k", [5, 0]).is_err());
        check_clawbacks(&taken([3, 2]), &accounts).unwrap();
        assert!(check_clawbacks(&taken([5, 0]), &accounts).is_err());
        assert!(check_clawbacks(&BTreeMap::new(), &accounts).is_err());
    }
}

//! What members of a batch's rooms earn by watching: what they earn by, what they have earned, and the credits.

use std::collections::BTreeSet;

use super::rooms::Rooms;
use super::write::{Room, each};
use crate::engine::Transaction;
use crate::sql::row;
use crate::watching_row::{self, PAGE_COLUMNS};

/// Loads the pages of those whose points change, and of those who watched. Comes after the balances, which say
/// who the former are.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let mut pages = Vec::new();
    for locked in rooms.all_mut() {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        let books = &mut locked.aggregate.known.books;
        for number in &locked.needs.points.pages {
            books.ask_page(*number);
        }
        let asked: BTreeSet<u32> = books.asked_pages().collect();
        pages.extend(asked.into_iter().map(|page| row![room_id, tenant_id, page]));
    }

    let text = format!(
        "SELECT earnings.room_id, earnings.tenant_id, {PAGE_COLUMNS}
         FROM wanted CROSS JOIN earnings
         WHERE earnings.room_id = wanted.room_id AND earnings.page = wanted.page
             AND earnings.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, page)";
    let rows = transaction.look_up(table, pages, &text).await?;
    rooms.read_rows(rows, "page of what was earned", |locked, row| {
        let (number, page) = watching_row::read_page(row)?;
        locked.aggregate.known.books.put_page(number, page);
        Ok(())
    })
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let credits = each(rooms, |aggregate| aggregate.changes.credits.iter())
        .into_iter()
        .map(|(of, (credit, link))| {
            watching_row::credit_row(of.room.id, of.room.tenant_id, credit, *link)
        })
        .collect();
    let insert = watching_row::INSERT_CREDITS;
    transaction.insert(insert, credits, "").await?;

    let pages = each(rooms, |aggregate| aggregate.changes.pages.iter())
        .into_iter()
        .filter_map(|(of, number)| {
            let page = of.known.books.page(*number)?;
            let (room_id, tenant_id) = (of.room.id, of.room.tenant_id);
            Some(watching_row::page_row(room_id, tenant_id, *number, page))
        })
        .collect();
    let (insert, replace) = (watching_row::INSERT_PAGES, watching_row::REPLACE_PAGES);
    transaction.insert(insert, pages, replace).await?;

    let states = rooms
        .iter()
        .map(|room| room.aggregate)
        .filter(|aggregate| aggregate.changes.earning)
        .map(watching_row::state_row)
        .collect();
    let (insert, replace) = (watching_row::INSERT_STATES, watching_row::REPLACE_STATES);
    transaction.insert(insert, states, replace).await?;

    Ok(())
}

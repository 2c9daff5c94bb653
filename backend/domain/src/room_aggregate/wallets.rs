//! What a batch changed of what people have, for those who follow their own.

use std::mem;

use super::{Changes, RoomAggregate};
use crate::wallet::WalletChanges;

impl RoomAggregate {
    /// Counts the batch, if it changed anybody's wallet. To be called once, when all is decided.
    pub fn count_wallets(&mut self) {
        if self.changes.touch_wallets() {
            self.head.wallets += 1;
        }
    }

    /// Takes what changed of people's wallets out of the batch, which was counted and is written.
    pub fn take_wallets(&mut self) -> Option<WalletChanges> {
        if !self.changes.touch_wallets() {
            return None;
        }

        let changes = &mut self.changes;
        let books = &mut self.known.books;
        let pages = mem::take(&mut changes.pages).into_iter();
        Some(WalletChanges {
            version: self.head.wallets,
            newcomers: mem::take(&mut changes.newcomers),
            given: mem::take(&mut changes.balances),
            pages: pages
                .filter_map(|number| Some((number, books.take_page(number)?)))
                .collect(),
            credits: mem::take(&mut changes.credits)
                .into_iter()
                .map(|(credit, _)| credit)
                .collect(),
            redemptions: mem::take(&mut changes.redemptions).into_values().collect(),
            sessions: mem::take(&mut changes.session)
                .into_values()
                .filter(|session| session.ended_at.is_some())
                .collect(),
            terms: self.earning.terms(),
            are_terms_new: changes.earning,
        })
    }
}

impl Changes {
    /// Whether what is shown of somebody's wallet may be another: what they have, what they redeemed, when that
    /// expires, what they earn by, or that they have one.
    fn touch_wallets(&self) -> bool {
        !self.balances.is_empty()
            || !self.pages.is_empty()
            || !self.redemptions.is_empty()
            || self.session.values().any(|one| one.ended_at.is_some())
            || !self.newcomers.is_empty()
            || self.earning
    }
}

//! What is of the viewer alone: who they are by their token, and what they have in the room.

use super::Client;
use crate::exchange::Output;
use crate::time::Instant;
use crate::wire::{self, ViewerMessage};
use alloc::string::String;

impl Client {
    /// What the last viewer has is nothing to the next.
    pub(super) fn take_token(&mut self, token: String, now: Instant) {
        if self.connection.handle_token(token, &mut self.outputs, now) {
            self.forget_wallet();
        }
    }

    pub(super) fn want_wallet(&mut self, is_wanted: bool) {
        self.connection.set_personal(is_wanted);
        if self.wallet.want(is_wanted) && !is_wanted {
            self.forget_wallet();
        }
    }

    pub(super) fn take_wallet(&mut self, message: ViewerMessage, now: Instant) {
        if self.wallet.take_in(message, now) {
            self.outputs.push_back(Output::WalletChanged);
        }
    }

    /// Begins, or begins again, what is to be followed and is not.
    pub(super) fn follow_wallet(&mut self, now: Instant) {
        if self.wallet.is_late(now) {
            self.end_wallet();
            self.wallet.handle_refusal(wire::Refusal::Passing, now);
        }
        if self.connection.is_of_the_viewer()
            && let Some(id) = self.wallet.begin(now)
        {
            let text = wire::subscribe_viewer(id, &self.room_id);
            self.outputs.push_back(Output::Send(text));
        }
    }

    fn forget_wallet(&mut self) {
        self.end_wallet();
        if self.wallet.forget() {
            self.outputs.push_back(Output::WalletChanged);
        }
    }

    /// Has the server tell no more of it.
    fn end_wallet(&mut self) {
        if let Some(id) = self.wallet.running()
            && self.connection.is_joined()
        {
            self.outputs.push_back(Output::Send(wire::complete(id)));
        }
        self.wallet.end();
    }
}

//! The alert on stage, as it is drawn.

use parlor_sdk_core::{ALERT_LEAVE_MS, Alert, AlertQueue};

use crate::card::Card;
use crate::tween::{ENTER_MS, eased, linear};

/// The alert on stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AlertView<'a> {
    /// What it says.
    pub(crate) alert: &'a Alert<Card>,
    /// Counts alerts; another number is another alert.
    pub(crate) number: u32,
    /// How far it has come on stage, from 0 to 1.
    pub(crate) entered: f32,
    /// How far it has left it, from 0 to 1.
    pub(crate) left: f32,
}

impl<'a> AlertView<'a> {
    /// Returns what is to be seen of the queue.
    pub(crate) fn of(queue: &'a AlertQueue<Card>) -> Option<Self> {
        let on_stage = queue.on_stage()?;

        Some(Self {
            alert: on_stage.alert,
            number: on_stage.number,
            entered: eased(on_stage.age_ms, ENTER_MS),
            left: linear(on_stage.age_ms - on_stage.stay_ms, ALERT_LEAVE_MS),
        })
    }
}

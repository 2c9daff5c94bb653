//! What a device has watched, for the scripts that tell the server of it.

use alloc::rc::{Rc, Weak};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};

use js_sys::Array;
use parlor_sdk_core::{Playhead, ServerTime, WatchReports};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::{Client, ClientCell};
use crate::convert;

/// What a client's device has watched, as its player says. Its clones are one.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Watched {
    client: Weak<OnceCell<Client>>,
    reports: Rc<RefCell<WatchReports>>,
}

impl Watched {
    /// What is watched from now on.
    pub fn of(client: &ClientCell) -> Self {
        Self {
            client: Rc::downgrade(client),
            reports: Rc::default(),
        }
    }

    /// Takes in what the player says, as the client was told of it: `None` if it says nothing.
    pub fn note(&self, playhead: Option<Playhead>) {
        self.with(|reports, client| {
            client.with_core(|core, now| reports.handle_playhead(playhead, core, now));
        });
    }

    /// Nothing is to be told of a client that is gone.
    fn with<T: Default>(&self, act: impl FnOnce(&mut WatchReports, &Client) -> T) -> T {
        let client = self.client.upgrade();
        let client = client.as_ref().and_then(|client| client.get());

        client.map_or_else(T::default, |client| {
            act(&mut self.reports.borrow_mut(), client)
        })
    }
}

#[wasm_bindgen]
impl Watched {
    /// Returns what to tell the server: of each session `[sessionId, lease, spans]`, as `watching.js` reads it. It comes again until
    /// [`Self::answered`] has said what became of it.
    pub fn reports(&self) -> Array {
        self.with(|reports, client| {
            let reports = client.with_core(|core, now| reports.report(core, now));
            reports.iter().map(convert::watch_report).collect()
        })
    }

    /// Says whether to tell the server at once: a picture plays, and the server does not know yet that the device is here.
    #[wasm_bindgen(js_name = wantsLease)]
    pub fn wants_lease(&self) -> bool {
        self.reports.borrow().wants_lease()
    }

    /// Takes in an answer of the server: which minutes of the session are decided, by their beginnings, and the lease
    /// that came with it.
    pub fn answered(&self, session_id: &str, decided_ms: &[f64], lease: String) {
        let decided = decided_ms
            .iter()
            .map(|at| ServerTime::from_unix_millis(convert::millis(*at)));
        let decided: Vec<_> = decided.collect();
        self.with(|reports, client| {
            client.with_core(|core, now| {
                reports.handle_answer(session_id, &decided, lease, core, now);
            });
        });
    }

    /// Lets go of what was told of a session, which the server does not take.
    pub fn refused(&self, session_id: &str) {
        self.reports.borrow_mut().handle_refusal(session_id);
    }

    /// Lets go of the leases, which the server does not take of this viewer.
    #[wasm_bindgen(js_name = forgetLeases)]
    pub fn forget_leases(&self) {
        self.reports.borrow_mut().forget_leases();
    }

    /// Lets go of all that was watched: another viewer is signed in.
    pub fn forget(&self) {
        self.reports.borrow_mut().clear();
    }
}

//! One message, of any text: to a client that waits to be let in, and to one that follows a room.
//!
//! What the client makes of it is compared with what another JSON library reads.

use crate::viewer::Viewer;
use parlor_sdk_core::{Input, Placement};
use serde::de::IgnoredAny;
use serde_json::Value;

/// Where the log stands before the message comes.
const EPOCH: &str = "e";
const SEQ: i64 = 7;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };

    let mut newcomer = Viewer::new(Placement::Companion, None);
    newcomer.input(Input::Opened);
    newcomer.receive(text);

    for placement in [Placement::Source, Placement::Player] {
        let mut viewer = following(placement);
        let before = viewer.client.stats();
        viewer.receive(text);
        let after = viewer.client.stats();

        if after.bad_frames == before.bad_frames {
            let read = serde_json::from_str::<IgnoredAny>(text);
            assert!(read.is_ok(), "{read:?} in a message that was understood");
        }
        viewer.run_for(1_000);
        check_position(&mut viewer, text);
        viewer.check_size();
    }
}

fn following(placement: Placement) -> Viewer {
    let mut viewer = Viewer::new(placement, None);
    viewer.join();
    viewer.receive(&format!(
        "{{\"type\":\"next\",\"id\":\"1\",\"payload\":{{\"data\":{{\"liveRoom\":{{\
         \"epoch\":\"{EPOCH}\",\"afterSeq\":\"{SEQ}\",\"throughSeq\":\"{SEQ}\",\
         \"recovered\":false,\"snapshot\":[],\"events\":[]}}}}}}}}"
    ));

    viewer
}

/// A client that is cut off carries on from where it was, or from where the message put it.
fn check_position(viewer: &mut Viewer, text: &str) {
    viewer.input(Input::Closed { code: 1006 });
    viewer.run_for(15_000);
    viewer.join();

    let after = &viewer.subscription.1["after"];
    if *after == serde_json::json!({"epoch": EPOCH, "seq": SEQ.to_string()}) || after.is_null() {
        return;
    }
    let message: Value = match serde_json::from_str(text) {
        Ok(message) => message,
        // JSON has numbers beyond any float, which the client passes over and this reader refuses.
        Err(error) if error.to_string().starts_with("number out of range") => return,
        Err(error) => panic!("a message that was understood is no JSON: {error}"),
    };
    let feed = &message["payload"]["data"]["liveRoom"];
    let seq: Option<i64> = feed["throughSeq"].as_str().and_then(|seq| seq.parse().ok());
    assert_eq!(after["epoch"], feed["epoch"]);
    assert_eq!(
        after["seq"].as_str(),
        seq.map(|seq| seq.to_string()).as_deref()
    );
}

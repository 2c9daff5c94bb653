//! Words of every kind are taken, and what is not listed as amended is what came.

use crate::stage::donation;
use parlor_domain::contribution::{
    AmendmentKind, MESSAGE_MAX, NAME_MAX, RawReport, RawTime, Report,
};
use parlor_domain::time::ServerTime;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

/// Letters, marks that join what stands before them, blanks, controls, and whatever else there is.
fn words() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "a",
        " ",
        "ก",
        "\u{301}",
        "👩\u{200d}👧",
        "🇩🇪",
        "\r\n",
        "\n",
        "\0",
        "\u{9f}",
        "\t",
    ];
    let piece = prop_oneof![
        3 => prop::sample::select(ODD).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "a{1,300}",
    ];
    prop::collection::vec(piece, 0..90).prop_map(|pieces| pieces.concat())
}

#[test]
fn blanks_cost_no_words() {
    let message = format!("{}so much to say", " ".repeat(MESSAGE_MAX.bytes));
    let raw = RawReport {
        idempotency_key: "k".to_owned(),
        message: Some(message),
        ..donation("ana", 10)
    };
    let report = Report::parse(raw).unwrap();

    assert_eq!(report.message.as_deref(), Some("so much to say"));
    assert_eq!(report.amendments[0].kind, AmendmentKind::Trimmed);
}

#[test]
fn who_or_when_it_was_is_left_out_where_it_cannot_be_read() {
    let after_all = ServerTime::from_unix_millis(ServerTime::MAX.unix_millis() + 1);
    for (viewer_id, occurred_at, told) in [
        (Some(""), None, &["viewerId"][..]),
        (Some("a\u{0}"), None, &["viewerId"]),
        (Some("ana"), Some(RawTime::Unreadable), &["occurredAt"]),
        (Some("ana"), Some(RawTime::At(after_all)), &["occurredAt"]),
        (None, Some(RawTime::At(ServerTime::MAX)), &[]),
    ] {
        let raw = RawReport {
            idempotency_key: "k".to_owned(),
            viewer_id: viewer_id.map(str::to_owned),
            viewer_name: Some("Ana".to_owned()),
            occurred_at,
            ..donation("ana", 10)
        };
        let report = Report::parse(raw).unwrap();

        let amendments = report.amendments.iter();
        let amended: Vec<_> = amendments.map(|one| (one.field, one.kind)).collect();
        let told = told.iter().map(|field| (*field, AmendmentKind::LeftOut));
        assert_eq!(amended, told.collect::<Vec<_>>());
        let id = report.viewer_id().map(|id| id.as_str().to_owned());
        assert_eq!(id.as_deref(), viewer_id.filter(|id| *id == "ana"));
        assert_eq!(report.viewer.unwrap().name.as_deref(), Some("Ana"));
        let is_readable = occurred_at == Some(RawTime::At(ServerTime::MAX));
        assert_eq!(report.occurred_at.is_some(), is_readable);
    }
}

proptest! {
    #[test]
    fn any_words_are_taken_and_every_difference_is_told(name in words(), message in words()) {
        let raw = RawReport {
            idempotency_key: "k".to_owned(),
            viewer_name: Some(name.clone()),
            message: Some(message.clone()),
            ..donation("ana", 10)
        };
        let report = Report::parse(raw.clone()).unwrap();
        prop_assert_eq!(Report::parse(raw.clone()).unwrap(), report.clone());

        let recorded_name = report.viewer.as_ref().unwrap().name.clone();
        for (field, came, recorded, most) in [
            ("viewerName", name, recorded_name.clone(), NAME_MAX),
            ("message", message, report.message.clone(), MESSAGE_MAX),
        ] {
            let told = report.amendments.iter().filter(|one| one.field == field);
            let told: Vec<_> = told.map(|one| one.kind).collect();
            prop_assert_eq!(told.is_empty(), recorded.as_ref() == Some(&came), "{:?}", told);
            prop_assert_eq!(told == [AmendmentKind::LeftOut], recorded.is_none());

            let recorded = recorded.unwrap_or_default();
            prop_assert!(recorded.len() <= most.bytes);
            prop_assert!(recorded.graphemes(true).count() <= most.characters);
            prop_assert!(!recorded.contains(|c: char| c.is_control() && c != '\n'));
        }

        // What was made to fit, fits.
        let again = Report::parse(RawReport {
            viewer_name: recorded_name,
            message: report.message.clone(),
            ..raw
        });
        let again = again.unwrap();
        prop_assert_eq!(&again.amendments, &[]);
        prop_assert_eq!((again.viewer, again.message), (report.viewer, report.message));
    }
}

//! Words of every kind are taken, and what is not listed as amended is what came.

use crate::stage::donation;
use parlor_domain::contribution::{
    AmendmentKind, MESSAGE_BYTES_MAX, NAME_BYTES_MAX, RawReport, Report,
};
use proptest::prelude::*;

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
    let message = format!("{}so much to say", " ".repeat(MESSAGE_BYTES_MAX));
    let raw = RawReport {
        idempotency_key: "k".to_owned(),
        message: Some(message),
        ..donation("ana", 10)
    };
    let report = Report::parse(raw).unwrap();

    assert_eq!(report.message.as_deref(), Some("so much to say"));
    assert_eq!(report.amendments[0].kind, AmendmentKind::Trimmed);
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
        for (field, came, recorded, bytes_max) in [
            ("viewerName", name, recorded_name.clone(), NAME_BYTES_MAX),
            ("message", message, report.message.clone(), MESSAGE_BYTES_MAX),
        ] {
            let told = report.amendments.iter().filter(|one| one.field == field);
            let told: Vec<_> = told.map(|one| one.kind).collect();
            prop_assert_eq!(told.is_empty(), recorded.as_ref() == Some(&came), "{:?}", told);
            prop_assert_eq!(told == [AmendmentKind::LeftOut], recorded.is_none());

            let recorded = recorded.unwrap_or_default();
            prop_assert!(recorded.len() <= bytes_max);
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

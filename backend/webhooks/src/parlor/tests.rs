use super::*;

const BATCH: &str = include_str!("../../../server/tests/api/webhooks/parlor.batch.json");

#[test]
fn a_batch_is_read_message_by_message() {
    let told = read(BATCH.as_bytes()).expect("it is a batch");
    let [Told::Gift(first), Told::Gift(second)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(first.room.as_deref(), Some("ROOM"));
    assert_eq!(first.report.contribution_ref.as_deref(), Some("order-1"));
    assert_eq!(first.report.amount, Some(1_500));
    assert_eq!(first.report.viewer_id.as_deref(), Some("42"));
    assert_eq!(
        second.report.kind,
        Some(ContributionKind::GiftedMemberships)
    );
    assert_eq!(
        (second.report.tier, second.report.quantity),
        (Some(1), Some(5))
    );
    assert_eq!(second.report.status, Some(Status::Settled));
}

#[test]
fn what_leaves_money_in_doubt_is_named_by_its_place() {
    for (body, said) in [
        ("{", "not JSON"),
        ("{}", "`contributions` is missing"),
        (r#"{"contributions":[]}"#, "1 to 100"),
        (
            r#"{"contributions":[{"kind":"DONATION"}]}"#,
            "contributions[0]: `idempotencyKey`",
        ),
        (
            r#"{"contributions":[{"idempotencyKey":"a","kind":"LOAN"}]}"#,
            "`kind`",
        ),
        (
            r#"{"contributions":[{"idempotencyKey":"a","kind":"DONATION","amount":1.5}]}"#,
            "whole numbers",
        ),
        (
            r#"{"contributions":[{"idempotencyKey":"a","kind":"DONATION","status":"LOST"}]}"#,
            "`status`",
        ),
    ] {
        let told = read(body.as_bytes()).expect_err(body).to_string();
        assert!(told.contains(said), "{body}: {told}");
    }
}

use super::*;

const CHECKOUT: &str =
    include_str!("../../../server/tests/api/webhooks/stripe.checkout.session.completed.json");
const INVOICE: &str = include_str!("../../../server/tests/api/webhooks/stripe.invoice.paid.json");
const REFUND: &str = include_str!("../../../server/tests/api/webhooks/stripe.charge.refunded.json");
const DISPUTE: &str =
    include_str!("../../../server/tests/api/webhooks/stripe.charge.dispute.closed.json");

/// The event with a field of its object at another value.
fn with(event: &str, field: &str, value: impl Into<Value>) -> Result<Told, Untold> {
    let mut event: Value = serde_json::from_str(event).expect("the fixture is JSON");
    event["data"]["object"][field] = value.into();
    read(event.to_string().as_bytes())
}

fn gift(told: Result<Told, Untold>) -> ToldGift {
    match told {
        Ok(Told::Gift(gift)) => *gift,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_checkout_is_a_donation_by_its_metadata() {
    let ToldGift { room, report } = gift(read(CHECKOUT.as_bytes()));
    assert_eq!(room.as_deref(), Some("ROOM"));
    assert_eq!(
        report.contribution_ref.as_deref(),
        Some("pi_3SxParlorPayment0001")
    );
    assert_eq!(
        (report.amount, report.currency.as_deref()),
        (Some(500), Some("EUR"))
    );
    assert_eq!(report.viewer_id.as_deref(), Some("viewer-1"));
    assert_eq!(report.viewer_name.as_deref(), Some("Robin"));
    assert_eq!(report.status, Some(Status::Settled));
}

#[test]
fn a_checkout_whose_money_is_on_its_way_is_pending() {
    let pending = gift(with(CHECKOUT, "payment_status", "unpaid"));
    assert_eq!(pending.report.status, Some(Status::Pending));
    let free = with(CHECKOUT, "payment_status", "no_payment_required");
    assert!(matches!(free, Err(Untold::Ignored(_))), "{free:?}");
    let subscribed = with(CHECKOUT, "mode", "subscription");
    assert!(
        matches!(subscribed, Err(Untold::Ignored(_))),
        "{subscribed:?}"
    );
}

#[test]
fn an_invoice_is_a_membership_of_the_tier_in_its_metadata() {
    let ToldGift { room, report } = gift(read(INVOICE.as_bytes()));
    assert_eq!(room.as_deref(), Some("ROOM"));
    assert_eq!(
        (report.kind, report.tier),
        (Some(ContributionKind::Membership), Some(2))
    );
    assert_eq!(
        report.contribution_ref.as_deref(),
        Some("in_1SxParlorInvoice0001")
    );
    let by_intent = gift(with(INVOICE, "payment_intent", "pi_2"));
    assert_eq!(by_intent.report.contribution_ref.as_deref(), Some("pi_2"));
}

#[test]
fn what_came_back_whole_is_reversed_and_a_part_is_not() {
    for event in [REFUND, DISPUTE] {
        let Ok(Told::Reversal(reversal)) = read(event.as_bytes()) else {
            panic!("{event}");
        };
        assert_eq!(reversal.contribution_ref, "pi_3SxParlorPayment0001");
    }
    let partial = with(REFUND, "refunded", false);
    assert!(matches!(partial, Err(Untold::Ignored(_))), "{partial:?}");
    let won = with(DISPUTE, "status", "won");
    assert!(matches!(won, Err(Untold::Ignored(_))), "{won:?}");
}

#[test]
fn amounts_that_stripe_counts_in_its_own_way_are_counted_by_iso_4217() {
    for (amount, currency, units) in [
        (500, "jpy", Some(500)),
        (500, "isk", Some(5)),
        (550, "isk", None),
        (500, "ugx", Some(5)),
        (5, "mga", Some(500)),
        (5_000, "kwd", Some(5_000)),
    ] {
        let mut event: Value = serde_json::from_str(CHECKOUT).expect("the fixture is JSON");
        event["data"]["object"]["amount_total"] = Value::from(amount);
        event["data"]["object"]["currency"] = Value::from(currency);
        let told = read(event.to_string().as_bytes());
        match units {
            Some(units) => assert_eq!(gift(told).report.amount, Some(units), "{currency}"),
            None => assert!(matches!(told, Err(Untold::Unreadable(_))), "{told:?}"),
        }
    }
}

#[test]
fn an_event_that_is_unknown_is_ignored() {
    let told = read(br#"{"id":"evt_1","type":"payout.paid"}"#);
    assert!(matches!(told, Err(Untold::Ignored(_))), "{told:?}");
}

use super::*;

const DONATION: &str = include_str!("../../../server/tests/api/webhooks/kofi.donation.json");
const TOKEN: &str = "7d1f2c3b-5a6e-4f80-9b1c-2d3e4f5a6b7c";

fn form(json: &Value) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("data", &json.to_string());
    form.finish().into_bytes()
}

fn event() -> Value {
    serde_json::from_str(DONATION).expect("the fixture is JSON")
}

fn gift(event: &Value) -> RawReport {
    match read(&form(event)) {
        Ok(Told::Gift(gift)) => gift.report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_token_alone_says_whose_it_is() {
    let secret = Secret::from_kept(TOKEN.to_owned());
    let message = "3a1fac0c-f960-4506-a60e-824979a74e74".to_owned();
    assert_eq!(verify(&[&secret], &form(&event())), Ok(message));

    let mut forged = event();
    forged["verification_token"] = Value::from("7d1f2c3b-5a6e-4f80-9b1c-2d3e4f5a6b7d");
    assert_eq!(
        verify(&[&secret], &form(&forged)),
        Err(Unverified::Mismatch)
    );
    assert_eq!(verify(&[], &form(&event())), Err(Unverified::Mismatch));
    forged["verification_token"] = Value::Null;
    assert_eq!(
        verify(&[&secret], &form(&forged)),
        Err(Unverified::NoSignature)
    );
    assert_eq!(verify(&[&secret], b"data={"), Err(Unverified::NoSignature));
}

#[test]
fn a_donation_is_read_with_its_decimals() {
    let report = gift(&event());
    assert_eq!(
        (report.amount, report.currency.as_deref()),
        (Some(300), Some("USD"))
    );
    assert_eq!(report.viewer_name.as_deref(), Some("Jo Example"));
    assert_eq!(
        report.contribution_ref.as_deref(),
        Some("00000000-1111-2222-3333-444444444444")
    );
    assert_eq!(
        (report.kind, report.tier),
        (Some(ContributionKind::Donation), None)
    );
}

#[test]
fn what_is_not_public_shows_neither_name_nor_message() {
    for hidden in [Value::Bool(false), Value::Null] {
        let mut event = event();
        event["is_public"] = hidden;
        let report = gift(&event);
        assert_eq!((report.viewer_name, report.message), (None, None));
        assert_eq!(report.amount, Some(300));
    }
}

#[test]
fn types_become_kinds_and_an_unknown_one_is_ignored() {
    for (name, kind, tier) in [
        ("Subscription", ContributionKind::Membership, Some(1)),
        ("Shop Order", ContributionKind::Donation, None),
        ("Commission", ContributionKind::Donation, None),
    ] {
        let mut event = event();
        event["type"] = Value::from(name);
        let report = gift(&event);
        assert_eq!((report.kind, report.tier), (Some(kind), tier));
    }
    let mut event = event();
    event["type"] = Value::from("Raffle");
    assert!(matches!(read(&form(&event)), Err(Untold::Ignored(_))));
}

#[test]
fn money_of_which_the_minor_unit_is_unknown_is_not_guessed() {
    for (amount, currency) in [("3.00", "ZZZ"), ("3,00", "EUR"), ("3.005", "EUR")] {
        let mut event = event();
        event["amount"] = Value::from(amount);
        event["currency"] = Value::from(currency);
        let read = read(&form(&event));
        assert!(
            matches!(read, Err(Untold::Unreadable(_))),
            "{amount} {currency}: {read:?}"
        );
    }
}

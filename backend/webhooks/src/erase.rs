//! Taking a person out of a body that is kept.

use serde_json::{Map, Value};

use crate::Adapter;
use crate::field::read_words;

/// Where an object says who gave, and what goes with it.
struct Named {
    id: &'static str,
    words: [&'static str; 2],
}

const PARLOR: Named = Named {
    id: "viewerId",
    words: ["viewerName", "message"],
};
const STRIPE: Named = Named {
    id: "parlor_viewer",
    words: ["parlor_name", "parlor_message"],
};
/// What Stripe itself knows of whoever paid.
const STRIPE_DETAILS: [&str; 7] = [
    "customer_details",
    "customer_email",
    "customer_name",
    "customer_address",
    "customer_phone",
    "billing_details",
    "receipt_email",
];

/// The body without whoever the tenant calls `user_id`, if it names them. The money stays, as nobody's. Ko-fi knows no ids
/// of a tenant.
pub fn without_person(adapter: Adapter, body: &[u8], user_id: &str) -> Option<Vec<u8>> {
    let mut body: Value = match adapter {
        Adapter::Parlor | Adapter::Stripe => serde_json::from_slice(body).ok()?,
        Adapter::Kofi => return None,
    };
    let changed = match adapter {
        Adapter::Parlor => without_giver(&mut body, &PARLOR, user_id),
        Adapter::Stripe => {
            let named = without_giver(&mut body, &STRIPE, user_id);
            if named && let Some(Value::Object(object)) = body.pointer_mut("/data/object") {
                for field in STRIPE_DETAILS {
                    object.remove(field);
                }
            }
            named
        }
        Adapter::Kofi => false,
    };

    changed.then(|| body.to_string().into_bytes())
}

/// Looks through all there is, for where metadata stands depends on the version of a service's API.
fn without_giver(value: &mut Value, named: &Named, user_id: &str) -> bool {
    match value {
        Value::Object(object) => {
            let mut changed = is_theirs(object, named, user_id);
            if changed {
                object.remove(named.id);
                for words in named.words {
                    object.remove(words);
                }
            }
            for inner in object.values_mut() {
                changed |= without_giver(inner, named, user_id);
            }
            changed
        }
        Value::Array(values) => {
            let mut changed = false;
            for inner in values {
                changed |= without_giver(inner, named, user_id);
            }
            changed
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_theirs(object: &Map<String, Value>, named: &Named, user_id: &str) -> bool {
    let id = object.get(named.id).and_then(read_words);

    id.as_deref() == Some(user_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: &str = include_str!("../../server/tests/api/webhooks/parlor.batch.json");
    const CHECKOUT: &str =
        include_str!("../../server/tests/api/webhooks/stripe.checkout.session.completed.json");

    #[test]
    fn a_body_loses_the_person_and_keeps_the_money() {
        for (adapter, body, user_id, gone, kept) in [
            (Adapter::Parlor, BATCH, "42", ["Sam", "Hello"], "1500"),
            (
                Adapter::Stripe,
                CHECKOUT,
                "viewer-1",
                ["Robin", "giver@example.com"],
                "500",
            ),
        ] {
            let without = without_person(adapter, body.as_bytes(), user_id);
            let without = String::from_utf8(without.expect("it names them")).expect("JSON");
            for words in gone {
                assert!(
                    body.contains(words) && !without.contains(words),
                    "{without}"
                );
            }
            assert!(without.contains(kept), "{without}");
            let told = crate::read(adapter, without.as_bytes());
            assert!(told.is_ok(), "{told:?}");
        }
    }

    #[test]
    fn a_body_of_somebody_else_is_left_alone() {
        assert_eq!(without_person(Adapter::Parlor, BATCH.as_bytes(), "4"), None);
        assert_eq!(
            without_person(Adapter::Stripe, CHECKOUT.as_bytes(), "viewer"),
            None
        );
    }
}

//! Scenes as tables: what was done, and what the last step comes to.

use parlor_domain::participant::Capability;
use parlor_domain::room_aggregate::Override::{Deny, Grant};

use crate::company::{Company, Do};

/// A scene, and what its last step comes to: done, or how the refusal begins.
pub(crate) type Case<'a> = (&'a [(&'static str, Do)], Result<(), &'static str>);

pub(crate) fn check(cases: &[Case<'_>]) {
    for (steps, expected) in cases {
        let mut company = Company::assembled();
        let found = play(&mut company, steps);
        match expected {
            Ok(()) => assert_eq!(found, Ok(()), "{steps:?}"),
            Err(refusal) => {
                let found = found.unwrap_err();
                assert!(found.starts_with(refusal), "{steps:?}: {found}");
            }
        }
    }
}

/// Has everything done in turn, and returns what the last came to.
pub(crate) fn play(company: &mut Company, steps: &[(&'static str, Do)]) -> Result<(), String> {
    let (last, before) = steps.split_last().unwrap();
    for (actor, step) in before {
        company
            .act(actor, *step)
            .unwrap_or_else(|refusal| panic!("{actor} {step:?}: {refusal}"));
    }

    company.act(last.0, last.1)
}

pub(crate) fn grant(name: &'static str, capability: Capability) -> Do {
    Do::Change(name, Grant, capability, None)
}

pub(crate) fn deny(name: &'static str, capability: Capability) -> Do {
    Do::Change(name, Deny, capability, None)
}

pub(crate) fn name(text: &str) -> String {
    text.to_owned()
}

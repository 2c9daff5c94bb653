//! Taking a person out of a document of whatever kind and version.
//!
//! A document is changed as it stands, by what its fields are called, and is not read as what it is: so one that this
//! program cannot read any more, or not yet, is changed all the same.

use std::collections::BTreeSet;

use parlor_domain::erasure::{ERASED_ACTOR, ERASED_NAME, ERASED_WORDS};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::document::{DOCUMENT_STARTS, VERSION_STARTS};
use crate::sql::corrupt;

/// By what a document may know the person.
pub(super) struct Person {
    user_id: String,
    /// What stands for them from now on.
    pseudonym: String,
    pub(super) participants: BTreeSet<Uuid>,
    pub(super) contributions: BTreeSet<Uuid>,
    /// Transfers of points of theirs.
    pub(super) transfers: BTreeSet<Uuid>,
}

impl Person {
    pub(super) fn new(user_id: &str, pseudonym: &str) -> Self {
        Self {
            user_id: user_id.to_owned(),
            pseudonym: pseudonym.to_owned(),
            participants: BTreeSet::new(),
            contributions: BTreeSet::new(),
            transfers: BTreeSet::new(),
        }
    }
}

/// The version of a document, if it has one, and what it says.
pub(super) fn document(text: &str) -> Result<(Option<&str>, Json), sqlx::Error> {
    let versioned = || {
        let rest = text.strip_prefix(VERSION_STARTS)?;
        let (version, rest) = rest.split_once(DOCUMENT_STARTS)?;
        Some((version, rest.strip_suffix('}')?))
    };
    let (version, json) = match versioned() {
        Some((version, json)) => (Some(version), json),
        None => (None, text),
    };
    let json = serde_json::from_str(json)
        .map_err(|error| corrupt(format!("a document is no JSON: {error}")))?;

    Ok((version, json))
}

pub(super) fn written(version: Option<&str>, json: &Json) -> String {
    match version {
        Some(version) => format!("{VERSION_STARTS}{version}{DOCUMENT_STARTS}{json}}}"),
        None => json.to_string(),
    }
}

/// The document without the person, if they were in it.
pub(super) fn scrub(text: &str, person: &Person) -> Result<Option<String>, sqlx::Error> {
    let (version, mut json) = document(text)?;

    Ok(walk(&mut json, person).then(|| written(version, &json)))
}

/// Returns whether anything was taken out.
fn walk(json: &mut Json, person: &Person) -> bool {
    match json {
        Json::Array(items) => items
            .iter_mut()
            .fold(false, |changed, item| walk(item, person) | changed),
        Json::Object(fields) => {
            let changed = take_out(fields, person);
            fields
                .values_mut()
                .fold(changed, |changed, value| walk(value, person) | changed)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn take_out(fields: &mut Map<String, Json>, person: &Person) -> bool {
    let is_user = |value: Option<&Json>| value.and_then(Json::as_str) == Some(&person.user_id);
    let is_in = |ids: &BTreeSet<Uuid>, field: &str| {
        let id = fields.get(field).and_then(Json::as_str);
        id.and_then(|id| Uuid::try_parse(id).ok())
            .is_some_and(|id| ids.contains(&id))
    };
    let mut puts: Vec<(&str, Json)> = Vec::new();

    // Who gave, to a train and as a contribution has it, and what the room was told of that.
    if is_user(fields.get("viewer_id")) {
        puts.extend([
            ("viewer_id", person.pseudonym.as_str().into()),
            ("name", Json::Null),
        ]);
    }
    if is_user(fields.get("viewer").and_then(|viewer| viewer.get("id"))) {
        let viewer = serde_json::json!({ "id": person.pseudonym, "name": null });
        puts.extend([("viewer", viewer), ("message", Json::Null)]);
    }
    if fields.contains_key("gift") && is_in(&person.contributions, "id") {
        puts.extend([("name", Json::Null), ("message", Json::Null)]);
    }
    // A participant, and what is kept or told of what they redeemed or dispute.
    if fields.contains_key("stage_role") && is_in(&person.participants, "id") {
        puts.push(("name", ERASED_NAME.into()));
    }
    if is_in(&person.participants, "participant_id") {
        puts.extend([
            ("name", ERASED_NAME.into()),
            ("input", Json::Null),
            ("metadata", Json::Null),
        ]);
        puts.extend([
            ("reason", ERASED_WORDS.into()),
            ("resolution", ERASED_WORDS.into()),
        ]);
    }
    // Who acted, with their words.
    for (by, words) in [
        ("opened_by", "reason"),
        ("closed_by", "resolution"),
        ("settled_by", ""),
        ("by", "reason"),
    ] {
        if is_user(fields.get(by)) {
            puts.extend([(by, ERASED_ACTOR.into()), (words, ERASED_WORDS.into())]);
        }
    }
    let signed = fields.get("authorship").and_then(|by| by.get("actor_id"));
    if is_user(signed) || is_in(&person.transfers, "id") {
        puts.push(("authorship", Json::Null));
    }

    puts.into_iter().fold(false, |changed, (field, value)| {
        put(fields, field, value) | changed
    })
}

/// Puts `value` in the place of what a field says, if it says anything.
fn put(fields: &mut Map<String, Json>, field: &str, value: Json) -> bool {
    match fields.get_mut(field) {
        Some(said) if !said.is_null() && *said != value => {
            *said = value;
            true
        }
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00000000-0000-0001-0000-000000000007";

    fn ann() -> Person {
        let mut ann = Person::new("ann", "erased:1");
        for ids in [
            &mut ann.participants,
            &mut ann.contributions,
            &mut ann.transfers,
        ] {
            ids.insert(ID.parse().unwrap());
        }
        ann
    }

    #[test]
    fn a_person_is_taken_out_of_whatever_says_it_is_about_them() {
        for (said, left) in [
            (
                r#"{"v":4,"doc":{"shown":{"top":{"viewer_id":"ann","name":"Ann","hype":3}}}}"#.to_owned(),
                r#"{"v":4,"doc":{"shown":{"top":{"hype":3,"name":null,"viewer_id":"erased:1"}}}}"#,
            ),
            (
                r#"{"viewer":{"id":"ann","name":"Ann"},"message":"hi"}"#.to_owned(),
                r#"{"message":null,"viewer":{"id":"erased:1","name":null}}"#,
            ),
            (
                format!(r#"{{"id":"{ID}","gift":{{}},"name":"Ann","message":"hi"}}"#),
                r#"{"gift":{},"id":"ID","message":null,"name":null}"#,
            ),
            (
                format!(r#"[{{"id":"{ID}","stage_role":"guest","name":"Ann"}}]"#),
                r#"[{"id":"ID","name":"Erased person","stage_role":"guest"}]"#,
            ),
            (
                format!(r#"{{"participant_id":"{ID}","name":"Ann","input":"a song","settled_by":"ann"}}"#),
                r#"{"input":null,"name":"Erased person","participant_id":"ID","settled_by":"erased:actor"}"#,
            ),
            (
                r#"{"participant_id":"x","reason":"spam","opened_by":"ann","resolution":"ok","closed_by":"bob"}"#
                    .to_owned(),
                r#"{"closed_by":"bob","opened_by":"erased:actor","participant_id":"x","reason":"[erased]","resolution":"ok"}"#,
            ),
            (
                r#"{"denials":{"stage.speak":{"by":"ann","reason":"spam"}}}"#.to_owned(),
                r#"{"denials":{"stage.speak":{"by":"erased:actor","reason":"[erased]"}}}"#,
            ),
            (
                r#"{"v":1,"doc":{"id":"x","authorship":{"actor_id":"ann","reason":"why"}}}"#.to_owned(),
                r#"{"v":1,"doc":{"authorship":null,"id":"x"}}"#,
            ),
            (
                format!(r#"{{"id":"{ID}","authorship":{{"actor_id":"bob","reason":"why"}}}}"#),
                r#"{"authorship":null,"id":"ID"}"#,
            ),
        ] {
            let scrubbed = scrub(&said, &ann()).unwrap();
            let scrubbed = scrubbed.unwrap_or_else(|| panic!("nothing was taken out of {said}"));
            assert_eq!(scrubbed.replace(ID, "ID"), left);
            assert_eq!(scrub(&scrubbed, &ann()).unwrap(), None, "{scrubbed}");
        }
    }

    #[test]
    fn what_is_about_others_stays_as_it_is() {
        for said in [
            r#"{"viewer_id":"anna","name":"Ann"}"#,
            r#"{"viewer":{"id":"bob","name":"ann"},"message":"ann"}"#,
            r#"{"id":"00000000-0000-0001-0000-000000000008","stage_role":"guest","name":"Ann"}"#,
            r#"{"participant_id":"x","reason":"ann","opened_by":"bob","closed_by":null}"#,
            r#"{"v":1,"doc":{"text":"ann"}}"#,
        ] {
            assert_eq!(scrub(said, &ann()).unwrap(), None, "{said}");
        }
    }

    /// What says who somebody is, or is in words of theirs or about them.
    const PERSONAL: [&str; 14] = [
        "by",
        "actor_id",
        "closed_by",
        "id",
        "input",
        "message",
        "metadata",
        "name",
        "opened_by",
        "reason",
        "resolution",
        "settled_by",
        "text",
        "viewer_id",
    ];
    /// What is the room's, the tenant's or a provider's, a name of something, or an id of what is no person.
    const IMPERSONAL: &[&str] = &[
        "JPY",
        "USD",
        "about",
        "action",
        "authorship",
        "authorship_digest",
        "base",
        "capability",
        "choices",
        "closed_at",
        "color",
        "contribution_id",
        "contribution_ref",
        "cooldown_ends_at",
        "cooldown_ms",
        "corrects",
        "credit",
        "currency",
        "debit",
        "deleted_at",
        "dispute_id",
        "draw",
        "draw_id",
        "drawn_at",
        "ended_at",
        "expires_at",
        "from",
        "icon",
        "interrupted_at",
        "kickoff_anonymous",
        "kind",
        "last_at",
        "last_reward",
        "membership_tier_min",
        "message_id",
        "months",
        "next_reward",
        "not_counted",
        "online_min",
        "paid_seq",
        "participant_id",
        "pattern",
        "per_session",
        "per_viewer_and_session",
        "phase",
        "place",
        "prompt",
        "provider",
        "put_right",
        "redemption",
        "reward",
        "reward_id",
        "role",
        "salt",
        "seq",
        "session_id",
        "settled_at",
        "slug",
        "stamp_card",
        "state",
        "status",
        "taken",
        "tier",
        "title",
        "title_contains",
        "to",
        "top_contributor",
        "train_id",
        "train_level_min",
        "viewer_cooldown_ms",
        "worth",
    ];

    fn texts<'a>(json: &'a Json, name: &'a str, found: &mut BTreeSet<String>) {
        match json {
            Json::Object(fields) => fields
                .iter()
                .for_each(|(name, value)| texts(value, name, found)),
            Json::Array(items) => items.iter().for_each(|item| texts(item, name, found)),
            Json::String(_) | Json::Null => {
                found.insert(name.to_owned());
            }
            Json::Bool(_) | Json::Number(_) => (),
        }
    }

    #[test]
    fn of_every_text_in_a_document_it_is_known_whether_it_is_a_persons() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/documents");
        let mut found = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let lines = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for line in lines.lines() {
                texts(&document(line).unwrap().1, "", &mut found);
            }
        }
        // A list of ids, of what was drawn.
        found.remove("");
        let known = PERSONAL.iter().chain(IMPERSONAL);
        let known: BTreeSet<_> = known.map(|name| (*name).to_owned()).collect();
        let unknown: Vec<_> = found.difference(&known).collect();
        assert!(unknown.is_empty(), "say what erasing does with {unknown:?}");
    }
}

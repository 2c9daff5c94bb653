//! Which subscriptions are one: the same document on the same room, wherever they start.

use std::collections::BTreeMap;
use std::convert::Infallible;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Request, Value};
use parlor_domain::id::RoomId;

/// Arguments of a feed that say where it starts, and nothing about what it carries later.
const START_ARGUMENTS: [&str; 3] = ["after", "at", "until"];

/// What subscriptions have in common when one execution serves them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey {
    pub(crate) room_id: RoomId,
    pub(crate) operation: OperationText,
}

/// A subscription as far as its live messages depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OperationText {
    document: String,
    operation_name: Option<String>,
    /// As JSON, in order of their names.
    variables: String,
}

impl OperationText {
    /// Describes `operation` of `document`, which `request` asks for.
    pub(crate) fn new(
        request: &Request,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> Self {
        let mut uses = Uses::default();
        operation
            .directives
            .iter()
            .for_each(|directive| uses.directive(&directive.node));
        uses.set(&operation.selection_set.node, true);
        for fragment in document.fragments.values() {
            uses.set(&fragment.node.selection_set.node, false);
        }

        let variables: BTreeMap<_, _> = request
            .variables
            .iter()
            .filter(|(name, _)| !uses.only_starts_a_feed(name))
            .collect();
        Self {
            document: request.query.clone(),
            operation_name: request.operation_name.clone(),
            variables: serde_json::to_string(&variables).expect("variables came from JSON"),
        }
    }
}

/// How often each variable is used: anywhere, and within a start argument.
#[derive(Default)]
struct Uses {
    anywhere: BTreeMap<Name, usize>,
    in_start: BTreeMap<Name, usize>,
}

impl Uses {
    fn only_starts_a_feed(&self, name: &Name) -> bool {
        self.in_start.contains_key(name) && self.in_start.get(name) == self.anywhere.get(name)
    }

    fn set(&mut self, set: &SelectionSet, is_root: bool) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(&field.node, is_root),
                Selection::FragmentSpread(spread) => self.directives(&spread.node.directives),
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives);
                    self.set(&inline.node.selection_set.node, is_root);
                }
            }
        }
    }

    fn field(&mut self, field: &Field, is_root: bool) {
        for (name, value) in &field.arguments {
            // Turning a value into a constant names every variable in it.
            let _constant = value.node.clone().into_const_with(|variable| {
                if is_root && START_ARGUMENTS.contains(&name.node.as_str()) {
                    *self.in_start.entry(variable.clone()).or_default() += 1;
                }
                *self.anywhere.entry(variable).or_default() += 1;
                Ok::<_, Infallible>(Value::Null)
            });
        }
        self.directives(&field.directives);
        self.set(&field.selection_set.node, false);
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for directive in directives {
            self.directive(&directive.node);
        }
    }

    fn directive(&mut self, directive: &Directive) {
        for (_, value) in &directive.arguments {
            let _constant = value.node.clone().into_const_with(|variable| {
                *self.anywhere.entry(variable).or_default() += 1;
                Ok::<_, Infallible>(Value::Null)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const DOCUMENT: &str = "subscription ($room: ID!, $from: LogPosition, $flag: Boolean!) {
        liveRoom(roomId: $room, after: $from) { events { id @include(if: $flag) } }
    }";

    fn text(document: &str, variables: serde_json::Value) -> OperationText {
        let request = Request::new(document).variables(Variables::from_json(variables));
        let document = parse_query(document).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();

        OperationText::new(&request, &document, &operation.node)
    }

    #[test]
    fn where_a_feed_starts_does_not_part_it_from_the_group() {
        let near = json!({ "room": "r", "flag": true, "from": { "epoch": "e", "seq": "5" } });
        let far = json!({ "from": null, "flag": true, "room": "r" });

        assert_eq!(text(DOCUMENT, near.clone()), text(DOCUMENT, far));
        assert_eq!(
            text(DOCUMENT, near),
            text(DOCUMENT, json!({ "room": "r", "flag": true }))
        );
    }

    #[test]
    fn what_shapes_the_messages_does() {
        let base = text(DOCUMENT, json!({ "room": "r", "flag": true }));

        assert_ne!(base, text(DOCUMENT, json!({ "room": "s", "flag": true })));
        assert_ne!(base, text(DOCUMENT, json!({ "room": "r", "flag": false })));
        let other = DOCUMENT.replace("{ id @", "{ seq @");
        assert_ne!(base, text(&other, json!({ "room": "r", "flag": true })));
    }

    #[test]
    fn a_variable_that_is_used_elsewhere_too_counts() {
        let differ = |document: &str| {
            text(document, json!({ "x": "1" })) != text(document, json!({ "x": "2" }))
        };

        assert!(differ(
            "subscription ($x: ID!) { liveRoom(roomId: $x, at: $x) { epoch } }"
        ));
        let within = "{ liveRoom(roomId: 1, after: { epoch: $x, seq: 1 }) { epoch } }";
        assert!(!differ(&format!("subscription ($x: ID!) {within}")));
    }
}

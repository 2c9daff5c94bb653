//! The operations, typed and checked against the schema when this crate is compiled.

use super::scalar::{Currency, Id, Int64, Time};
use graphql_client::GraphQLQuery;

// Optional inputs that are left out take the schema's defaults; null would not.
macro_rules! operation {
    ($name:ident, $document:tt) => {
        #[derive(GraphQLQuery)]
        #[graphql(
                                                            schema_path = "../schema.graphql",
                                                            query_path = $document,
                                                            variables_derives = "Debug, Clone",
                                                            response_derives = "Debug, Clone",
                                                            normalization = "rust",
                                                            skip_serializing_none
                                                        )]
        pub(crate) struct $name;
    };
}

operation!(Room, "../sdk-core/operations/room.graphql");
operation!(CreateRoom, "../sdk-core/operations/create_room.graphql");
operation!(StartSession, "../sdk-core/operations/start_session.graphql");
operation!(EndSession, "../sdk-core/operations/end_session.graphql");
operation!(
    RecordContribution,
    "../sdk-core/operations/record_contribution.graphql"
);

// Written by `cargo xtask codegen` from sdk-core/operations: what the client asks of `/graphql`.

/** Each document by the field that it asks for. */
export const OPERATIONS = {
  reportWatching:
    "mutation ReportWatching($input: ReportWatchingInput!) { reportWatching(input: $input) { __typename ... on WatchReport { minutes { minute playedSeconds outcome points } lease } ... on ValidationError { message code field constraint } ... on NotFoundError { message code resourceType resourceId } ... on AuthError { message code } } }",
};

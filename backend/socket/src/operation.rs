//! One operation that a client asked for, from its text to its end.

mod paging;

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::{Request, Response, ServerError, Variables};
use futures_util::{Stream, StreamExt};
use parlor_api::deadline::Deadline;
use parlor_api::feed::{FeedPresence, FeedRefusal, FeedSource, stream_of};
use parlor_api::{Document, Documents, Fault};
use parlor_identity::Caller;
use parlor_live::presence::Connection;
use tokio::sync::{mpsc, oneshot};

use super::Sockets;
use super::admission;
use super::catch_up::{self, CaughtUp, NotOpen};
use super::close::Close;
use super::execution::{error_json, errors_json, is_refusal, payload};
use super::group_key::{GroupKey, OperationText};
use super::groups::Sharing;
use super::message::Subscribe;
use super::operations::OperationKey;
use super::outbound::{Delivery, Outbound};
use super::places::Seat;

/// An operation that can be executed.
pub(crate) struct Operation {
    parts: RequestParts,
    kind: OperationType,
    text: OperationText,
}

/// What a request is made of, to be made more than once.
#[derive(Clone)]
struct RequestParts {
    document: Arc<Document>,
    operation_name: Option<String>,
    variables: Variables,
}

/// Where an operation runs, and for whom.
pub(crate) struct Run {
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) key: OperationKey,
    pub(crate) seat: Arc<Seat>,
    pub(crate) caller: Arc<Caller>,
}

/// A feed once it is open.
struct OpenedFeed {
    caught_up: CaughtUp,
    /// The subscriber's presence in the room.
    connection: Option<Connection>,
}

impl Operation {
    /// Reads what `subscribe` asks for, or says in the form of an `error` payload why it cannot be
    /// executed.
    pub(crate) fn read(documents: &Documents, subscribe: Subscribe) -> Result<Self, String> {
        let parts =
            RequestParts::read(documents, subscribe).map_err(|error| errors_json(vec![error]))?;
        let document = &parts.document;
        let Some(operation) = document.operation(parts.operation_name.as_deref()) else {
            let message = "`operationName` names none of the document's operations";
            return Err(error_json(message, "VALIDATION"));
        };
        let kind = operation.ty;
        if kind == OperationType::Subscription
            && !has_one_root_field(&operation.selection_set.node, document.parsed())
        {
            return Err(error_json(
                "a subscription has one root field",
                "VALIDATION",
            ));
        }
        let text = OperationText::new(&parts.request(), document.parsed(), operation);

        Ok(Self { parts, kind, text })
    }

    /// Whether giving up half way leaves nothing behind.
    pub(crate) fn can_be_aborted(&self) -> bool {
        self.kind != OperationType::Mutation
    }

    /// Runs the operation, until it has ended or has become a group's to go on with.
    pub(crate) async fn run(self, run: Run) {
        match self.kind {
            OperationType::Query | OperationType::Mutation => self.run_once(&run).await,
            OperationType::Subscription => self.subscribe(run).await,
        }
    }

    async fn run_once(self, run: &Run) {
        let request = self.parts.request().data(Caller::clone(&run.caller));
        let executed = run.deadline().meet(run.sockets.schema.execute(request));
        let response = match executed.await {
            Ok(response) => response,
            Err(late) => return run.fail(&Fault::of_late(Some(self.kind), late)),
        };

        let was_executed = response.errors.iter().all(|error| !error.path.is_empty());
        if !was_executed {
            run.outbound.error(&run.key, &errors_json(response.errors));
        } else if run.send(response).await == Delivery::Accepted {
            run.outbound.complete(&run.key);
        }
    }

    async fn subscribe(self, run: Run) {
        let (opened, mut feed) = oneshot::channel();
        let source = run.feed_source(opened);
        let request = self
            .parts
            .request()
            .data(Caller::clone(&run.caller))
            .data(source);
        let Some(of_socket) = run.outbound.page_turn(&run.key).await else {
            return;
        };
        // Until here the wait was for the peer itself, to take what it asked for before.
        let started = run.deadline().meet(async {
            let turn = run.turn_among_all(of_socket).await;
            let mut responses = run.sockets.schema.execute_stream(request);
            let first = responses.next().await;
            (turn, responses, first)
        });
        // Clients take most errors of a subscription to be for good, and a close to be for now.
        let Ok((turn, mut responses, first)) = started.await else {
            return run.outbound.close(Close::start_late());
        };
        let Some(first) = first else {
            return run.outbound.complete(&run.key);
        };
        if is_refusal(&first) {
            return run.outbound.error(&run.key, &errors_json(first.errors));
        }
        let first = payload(first);
        let Ok(opened) = feed.try_recv() else {
            // No room's feed is behind it: nothing but `__typename`, or a stream of its own.
            if run.hand_in(turn, first).await == Delivery::Accepted {
                run.pass_on(&mut responses).await;
            }
            return;
        };

        // Each further page has an execution of its own, so that none is held while the peer reads.
        drop(responses);
        let Self { parts, text, .. } = self;
        let OpenedFeed {
            caught_up,
            connection,
        } = opened;
        let (position, window) = (caught_up.position(), caught_up.window);
        let presence = caught_up.message.presence;
        let presence = presence.filter(FeedPresence::was_asked_for);
        let key = GroupKey {
            room_id: caught_up.room.id(),
            operation: text,
        };
        let sharing = Sharing {
            key,
            room: caught_up.room,
            request: Box::new(parts.remade()),
            told_online: presence.map(|presence| presence.online_count()),
        };
        if run.hand_in(turn, first).await == Delivery::Accepted {
            run.join_group(&sharing, position, window, connection).await;
        }
    }
}

impl Run {
    /// The source of a subscriber's own execution. Once it is opened, `opened` gets what it starts
    /// with, and the sender of what comes after.
    fn feed_source(&self, opened: oneshot::Sender<OpenedFeed>) -> FeedSource {
        let (sockets, seat) = (Arc::clone(&self.sockets), Arc::clone(&self.seat));
        let (caller, outbound) = (Arc::clone(&self.caller), Arc::clone(&self.outbound));

        FeedSource::opened_by(move |request| {
            Box::pin(async move {
                let (app, principal) = (&sockets.app, &caller.principal);
                let patience = sockets.reads.within(sockets.settings.start_patience);
                let read = move || catch_up::open(&app.hub, principal, request);
                let opening = patience.read("a room's feed", read);
                let caught_up = opening
                    .await
                    .map_err(|not_open| refusal_of(&not_open, &outbound))?;
                let tenant_id = caught_up.tenant_id;
                admission::admit_to_room(&sockets, &seat, &caller, tenant_id)
                    .await
                    .map_err(|turned_away| turned_away.close(&outbound))?;
                let (messages, receiver) = mpsc::channel(1);
                let first = caught_up.message.clone();
                messages
                    .try_send(first)
                    .expect("a new channel has space for one");
                // Whoever waits for it is the one that drives this execution.
                let _driven = opened.send(OpenedFeed {
                    connection: app.presence.connect(principal, request.room_id),
                    caught_up,
                });

                Ok(stream_of(receiver))
            })
        })
    }

    /// Sends what comes until nothing more does, or the caller may not go on. The next is asked for
    /// when the last was taken.
    async fn pass_on(&self, responses: &mut (impl Stream<Item = Response> + Unpin)) {
        while self.outbound.taken(&self.key).await == Delivery::Accepted {
            let Some(response) = responses.next().await else {
                break;
            };
            if is_refusal(&response) {
                return self
                    .outbound
                    .error(&self.key, &errors_json(response.errors));
            }
            if self.send(response).await == Delivery::Gone {
                return;
            }
        }
        self.outbound.complete(&self.key);
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.sockets.settings.request_timeout)
    }

    fn fail(&self, fault: &Fault) {
        let errors = error_json(fault.message(), fault.code());
        self.outbound.error(&self.key, &errors);
    }

    fn refuse(&self, refusal: FeedRefusal) {
        let errors = error_json(&refusal.to_string(), refusal.code());
        self.outbound.error(&self.key, &errors);
    }

    fn start_anew(&self) {
        let close = Close::restart("the room's log was interrupted");
        self.outbound.close(close);
    }

    async fn send(&self, response: Response) -> Delivery {
        self.outbound
            .push_next_paced(&self.key, payload(response))
            .await
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Without this nobody would hear of a resolver's panic.
        if std::thread::panicking() {
            self.outbound.error(
                &self.key,
                &error_json("something went wrong here", "INTERNAL"),
            );
        }
    }
}

impl RequestParts {
    fn read(documents: &Documents, subscribe: Subscribe) -> Result<Self, ServerError> {
        let document = documents.read(&subscribe.query)?;
        let variables = document.variables(subscribe.variables)?;

        Ok(Self {
            document,
            operation_name: subscribe.operation_name,
            variables,
        })
    }

    /// Makes the request again and again, without holding the parsed document, which weighs many
    /// times its text.
    fn remade(self) -> impl Fn() -> Request + Send + Sync {
        let Self {
            document,
            operation_name,
            variables,
        } = self;
        let text = Arc::clone(document.text());

        move || {
            let mut request = Request::new(&*text).variables(variables.clone());
            request.operation_name.clone_from(&operation_name);
            request
        }
    }

    fn request(&self) -> Request {
        self.document
            .request(self.operation_name.clone(), self.variables.clone())
    }
}

/// What to answer the operation with whose feed is not open. A socket whose room could not be read is
/// closed, to come back.
fn refusal_of(not_open: &NotOpen, outbound: &Outbound) -> FeedRefusal {
    match not_open {
        NotOpen::Refused(refusal) => *refusal,
        NotOpen::Unread(_) => {
            outbound.close(Close::database_away());
            FeedRefusal::Internal
        }
    }
}

/// Whether `set` comes down to one field. It ends, because no fragment of a document leads back to
/// itself.
fn has_one_root_field(set: &SelectionSet, document: &ExecutableDocument) -> bool {
    let mut set = set;
    loop {
        let [selection] = &set.items[..] else {
            return false;
        };
        set = match &selection.node {
            Selection::Field(_) => return true,
            Selection::InlineFragment(inline) => &inline.node.selection_set.node,
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let fragment = document.fragments.get(name);
                let fragment = fragment.expect("fragments of a document are all there");
                &fragment.node.selection_set.node
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn parse(query: &str, operation_name: Option<&str>) -> Result<Operation, String> {
        Operation::read(
            &Documents::default(),
            Subscribe {
                id: "1".to_owned(),
                query: query.to_owned(),
                operation_name: operation_name.map(str::to_owned),
                variables: Map::new(),
            },
        )
    }

    #[test]
    fn a_subscription_has_one_root_field_also_through_fragments() {
        let cases = [
            ("subscription { a: liveRoom b: liveRoom }", false),
            (
                "subscription { ...F } fragment F on Subscription { liveRoom }",
                true,
            ),
            (
                "subscription { liveRoom ...F } fragment F on Subscription { liveRoom }",
                false,
            ),
            ("subscription { ... { a b } }", false),
            ("subscription { ... { a } }", true),
            (
                "subscription { ...F } fragment F on Subscription { ...F }",
                false,
            ),
            ("{ a b }", true),
        ];

        for (query, expected) in cases {
            assert_eq!(parse(query, None).is_ok(), expected, "{query}");
        }
    }

    #[test]
    fn an_operation_is_found_by_its_name() {
        let two = "query A { a } mutation B { b }";

        assert!(parse(two, Some("A")).ok().unwrap().can_be_aborted());
        assert!(!parse(two, Some("B")).ok().unwrap().can_be_aborted());
        assert!(parse(two, Some("C")).err().unwrap().contains("VALIDATION"));
        assert!(parse(two, None).err().unwrap().contains("operationName"));
    }
}

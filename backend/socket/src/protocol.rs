//! The conversation on one socket, decided without I/O (`graphql-transport-ws`).
//!
//! The connection hands in what arrives and when, and carries out what comes back. Which operations
//! are under way is not known here: they also end by themselves.

use std::sync::Arc;
use std::time::Instant;

use parlor_domain::time::ServerTime;
use serde_json::{Map, Number, Value};

use super::close::Close;
use super::message::{ClientMessage, Subscribe};
use super::settings::SocketSettings;

/// Something that happened on the socket.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    Text(&'a str),
    Binary,
    /// A ping or pong of the WebSocket itself.
    ControlFrame,
    /// The peer has taken more of what waited for it.
    Progress,
    /// The caller was looked up. `None` in `token` is a caller whose right does not run out.
    Admitted {
        token: Option<TokenLife>,
    },
    /// The instant given by [`Conversation::poll_timeout`] has come.
    Timeout,
}

/// What the connection has to do about it.
#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    /// Find out who that is, and answer with [`Input::Admitted`] or close.
    Authenticate {
        authorization: Option<String>,
    },
    Acknowledge,
    Pong {
        client_sent_at: Option<Number>,
    },
    Ping {
        token_expires_at: Option<ServerTime>,
    },
    /// Send a ping of the WebSocket itself.
    Probe,
    Start(Subscribe),
    Stop {
        id: String,
    },
    Close(Close),
}

/// When a token runs out, by the server's clock and by the monotonic one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenLife {
    pub(crate) expires_at: ServerTime,
    pub(crate) expires_at_instant: Instant,
}

/// Where the conversation stands.
pub(crate) struct Conversation {
    settings: Arc<SocketSettings>,
    phase: Phase,
    heard_at: Instant,
    /// When the probe went out that nothing has been heard since.
    probed_at: Option<Instant>,
    ping_at: Instant,
    token: Option<TokenLife>,
    warned: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Waiting { since: Instant },
    Authenticating,
    Ready,
    Closed,
}

impl Conversation {
    /// A socket that was opened at `now`.
    pub(crate) fn new(settings: Arc<SocketSettings>, now: Instant) -> Self {
        let ping_at = now + settings.ping_after;

        Self {
            settings,
            phase: Phase::Waiting { since: now },
            heard_at: now,
            probed_at: None,
            ping_at,
            token: None,
            warned: false,
        }
    }

    /// Takes in `input`, and says what to do. Each input asks for one thing at most.
    pub(crate) fn handle(&mut self, input: Input<'_>, now: Instant) -> Option<Output> {
        if self.phase == Phase::Closed {
            return None;
        }
        self.hear(input, now);

        let output = match input {
            Input::Text(text) => match ClientMessage::parse(text) {
                Ok(message) => self.handle_message(message),
                Err(reason) => Some(Output::Close(Close::bad_message(reason))),
            },
            Input::Binary => Some(Output::Close(Close::bad_message(
                "messages are text, not binary",
            ))),
            Input::ControlFrame | Input::Progress => None,
            Input::Admitted { token } => {
                self.phase = Phase::Ready;
                self.token = token;
                Some(Output::Acknowledge)
            }
            Input::Timeout => self.handle_timeout(now),
        };

        if matches!(output, Some(Output::Close(_))) {
            self.close();
        }
        output
    }

    /// Ends the conversation, whatever else comes.
    pub(crate) fn close(&mut self) {
        self.phase = Phase::Closed;
    }

    /// Returns when to call [`Self::handle`] with [`Input::Timeout`].
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let life = Some(self.silence_ends_at().unwrap_or(self.probe_at()));
        let ping = Some(self.ping_at);

        match self.phase {
            Phase::Waiting { since } => Some(since + self.settings.init_timeout),
            Phase::Authenticating => life,
            Phase::Ready => [life, ping, self.warn_at(), self.expiry_at()]
                .into_iter()
                .flatten()
                .min(),
            Phase::Closed => None,
        }
    }

    /// Takes in that `input` shows the client to be there.
    fn hear(&mut self, input: Input<'_>, now: Instant) {
        match input {
            Input::Timeout | Input::Admitted { .. } => return,
            Input::Text(_) | Input::Binary => {
                let ping_at = now + self.settings.ping_after;
                self.ping_at = self.ping_at.max(ping_at);
            }
            Input::ControlFrame | Input::Progress => (),
        }
        self.heard_at = self.heard_at.max(now);
        self.probed_at = None;
    }

    fn handle_message(&mut self, message: ClientMessage) -> Option<Output> {
        match message {
            ClientMessage::Init { payload } => Some(self.handle_init(&payload)),
            ClientMessage::Ping { client_sent_at } => Some(Output::Pong { client_sent_at }),
            ClientMessage::Pong => None,
            ClientMessage::Subscribe(subscribe) => Some(if self.phase == Phase::Ready {
                Output::Start(subscribe)
            } else {
                Output::Close(Close::new(Close::UNAUTHORIZED, "Unauthorized"))
            }),
            ClientMessage::Complete { id } => Some(Output::Stop { id }),
        }
    }

    fn handle_init(&mut self, payload: &Map<String, Value>) -> Output {
        if !matches!(self.phase, Phase::Waiting { .. }) {
            let reason = "Too many initialisation requests";
            return Output::Close(Close::new(Close::SECOND_INIT, reason));
        }

        match read_authorization(payload) {
            Ok(authorization) => {
                self.phase = Phase::Authenticating;
                Output::Authenticate { authorization }
            }
            Err(reason) => Output::Close(Close::forbidden(reason)),
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Option<Output> {
        let has_come = |at: Option<Instant>| at.is_some_and(|at| at <= now);

        if let Phase::Waiting { since } = self.phase {
            let reason = "Connection initialisation timeout";
            return has_come(Some(since + self.settings.init_timeout))
                .then(|| Output::Close(Close::new(Close::INIT_TIMEOUT, reason)));
        }
        if has_come(self.silence_ends_at()) {
            let silence_s = (now - self.heard_at).as_secs();
            let reason = format!("nothing heard for {silence_s} s");
            return Some(Output::Close(Close::overload(reason)));
        }
        if self.probed_at.is_none() && has_come(Some(self.probe_at())) {
            self.probed_at = Some(now);
            return Some(Output::Probe);
        }
        if self.phase != Phase::Ready {
            return None;
        }
        if has_come(self.expiry_at()) {
            return Some(Output::Close(Close::forbidden("the token expired")));
        }
        if has_come(self.warn_at()) {
            self.warned = true;
            self.ping_at = now + self.settings.ping_after;
            return Some(Output::Ping {
                token_expires_at: self.token.map(|t| t.expires_at),
            });
        }
        if has_come(Some(self.ping_at)) {
            self.ping_at = now + self.settings.ping_after;
            return Some(Output::Ping {
                token_expires_at: None,
            });
        }

        None
    }

    fn probe_at(&self) -> Instant {
        self.heard_at + self.settings.probe_after
    }

    /// When the answer to a probe is overdue. It counts from when the probe was sent, so that a server
    /// that stood still itself gives everybody up for nothing.
    fn silence_ends_at(&self) -> Option<Instant> {
        Some(self.probed_at? + self.settings.probe_answer_max)
    }

    fn warn_at(&self) -> Option<Instant> {
        let expires_at = self.token?.expires_at_instant;
        let at = expires_at
            .checked_sub(self.settings.token_warning)
            .unwrap_or(self.heard_at);

        (!self.warned).then_some(at)
    }

    fn expiry_at(&self) -> Option<Instant> {
        Some(self.token?.expires_at_instant + self.settings.token_grace)
    }
}

/// Reads who a `connection_init` says the client is; nothing means an anonymous caller.
fn read_authorization(payload: &Map<String, Value>) -> Result<Option<String>, &'static str> {
    match payload
        .get("Authorization")
        .or_else(|| payload.get("authorization"))
    {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err("`Authorization` is not a string"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const INIT: &str = r#"{"type":"connection_init"}"#;
    const SUBSCRIBE: &str = r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#;

    struct Sim {
        conversation: Conversation,
        now: Instant,
    }

    impl Sim {
        #[expect(clippy::disallowed_methods, reason = "an instant has no other origin")]
        fn new() -> Self {
            let now = Instant::now();
            Self {
                conversation: Conversation::new(Arc::default(), now),
                now,
            }
        }

        fn ready(token_life: Option<Duration>) -> Self {
            let mut sim = Self::new();
            sim.text(INIT);
            let token = token_life.map(|life| TokenLife {
                expires_at: ServerTime::from_unix_millis(77),
                expires_at_instant: sim.now + life,
            });
            let output = sim.conversation.handle(Input::Admitted { token }, sim.now);
            assert_eq!(output, Some(Output::Acknowledge));
            sim
        }

        fn text(&mut self, text: &str) -> Option<Output> {
            self.conversation.handle(Input::Text(text), self.now)
        }

        fn close_code(&mut self, text: &str) -> u16 {
            match self.text(text) {
                Some(Output::Close(close)) => close.code,
                other => panic!("{other:?}"),
            }
        }

        /// Jumps from deadline to deadline until one asks for something. Bounded, because a broken
        /// machine spins rather than fails.
        fn next_timeout(&mut self) -> (Duration, Output) {
            let start = self.now;
            for _ in 0..10 {
                self.now = self
                    .now
                    .max(self.conversation.poll_timeout().expect("a deadline"));
                if let Some(output) = self.conversation.handle(Input::Timeout, self.now) {
                    return (self.now - start, output);
                }
            }
            panic!("the conversation keeps asking for a wakeup it does not use");
        }

        /// The same for a client that answers every probe.
        fn next_beside_probes(&mut self) -> Output {
            for _ in 0..10 {
                let (_, output) = self.next_timeout();
                if output != Output::Probe {
                    return output;
                }
                let answered = self.conversation.handle(Input::ControlFrame, self.now);
                assert_eq!(answered, None);
            }
            panic!("nothing but probes");
        }
    }

    #[test]
    fn messages_out_of_order_close_with_the_code_of_the_protocol() {
        assert_eq!(Sim::new().close_code(SUBSCRIBE), Close::UNAUTHORIZED);
        assert_eq!(Sim::new().close_code("{"), Close::BAD_MESSAGE);

        let mut authenticating = Sim::new();
        assert_eq!(
            authenticating.text(INIT),
            Some(Output::Authenticate {
                authorization: None
            })
        );
        assert_eq!(authenticating.close_code(INIT), Close::SECOND_INIT);
        let mut authenticating = Sim::new();
        authenticating.text(INIT);
        assert_eq!(authenticating.close_code(SUBSCRIBE), Close::UNAUTHORIZED);

        assert_eq!(Sim::ready(None).close_code(INIT), Close::SECOND_INIT);
    }

    #[test]
    fn after_the_close_nothing_is_done() {
        let mut sim = Sim::new();
        sim.close_code("{");

        assert_eq!(sim.text(INIT), None);
        assert_eq!(sim.conversation.poll_timeout(), None);
    }

    #[test]
    fn the_init_says_who_asks() {
        let init = |authorization: &str| {
            Sim::new().text(&format!(
                r#"{{"type":"connection_init","payload":{{"Authorization":{authorization}}}}}"#
            ))
        };

        let authorization = Some("Bearer t.o.k".to_owned());
        assert_eq!(
            init(r#""Bearer t.o.k""#),
            Some(Output::Authenticate { authorization })
        );
        assert_eq!(
            init("null"),
            Some(Output::Authenticate {
                authorization: None
            })
        );
        let Some(Output::Close(close)) = init("7") else {
            panic!("not closed")
        };
        assert_eq!(close.code, Close::FORBIDDEN);
    }

    #[test]
    fn a_client_that_does_not_introduce_itself_is_closed_in_time() {
        let (after, output) = Sim::new().next_timeout();

        let reason = "Connection initialisation timeout";
        assert_eq!(
            output,
            Output::Close(Close::new(Close::INIT_TIMEOUT, reason))
        );
        assert_eq!(after, SocketSettings::default().init_timeout);
    }

    #[test]
    fn a_client_that_stops_without_a_word_is_given_up() {
        let mut sim = Sim::ready(None);

        assert_eq!(sim.next_timeout(), (Duration::from_secs(5), Output::Probe));
        let (after, Output::Close(close)) = sim.next_timeout() else {
            panic!("not closed")
        };
        assert_eq!(
            (after, close.code),
            (Duration::from_secs(7), Close::OVERLOAD)
        );
        assert_eq!(close.reason, "nothing heard for 12 s");
    }

    #[test]
    fn whatever_shows_a_client_to_be_there_answers_the_probe() {
        for input in [
            Input::ControlFrame,
            Input::Progress,
            Input::Text(r#"{"type":"pong"}"#),
        ] {
            let mut sim = Sim::ready(None);
            assert_eq!(sim.next_timeout().1, Output::Probe);
            sim.now += Duration::from_secs(6);
            assert_eq!(sim.conversation.handle(input, sim.now), None);
            assert_eq!(sim.next_timeout(), (Duration::from_secs(5), Output::Probe));
        }
    }

    #[test]
    fn a_server_that_stood_still_gives_nobody_up() {
        let mut sim = Sim::ready(None);
        sim.now += Duration::from_mins(1);

        assert_eq!(sim.next_timeout(), (Duration::ZERO, Output::Probe));
        assert_eq!(sim.conversation.handle(Input::ControlFrame, sim.now), None);
    }

    #[test]
    fn a_client_that_answers_probes_and_says_nothing_is_sent_a_ping_message() {
        let mut sim = Sim::ready(None);
        let start = sim.now;
        let ping = Output::Ping {
            token_expires_at: None,
        };
        for _ in 0..3 {
            assert_eq!(sim.next_beside_probes(), ping);
        }
        assert_eq!(sim.now - start, Duration::from_mins(1));

        sim.now += Duration::from_secs(19);
        assert_eq!(sim.text(r#"{"type":"pong"}"#), None);
        let spoke_at = sim.now;
        assert_eq!(sim.next_beside_probes(), ping);
        assert_eq!(sim.now - spoke_at, Duration::from_secs(20));
    }

    #[test]
    fn a_token_that_runs_out_is_announced_and_then_closes_the_socket() {
        let mut sim = Sim::ready(Some(Duration::from_secs(75)));
        let warning = Output::Ping {
            token_expires_at: Some(ServerTime::from_unix_millis(77)),
        };

        let start = sim.now;
        let mut said = Vec::new();
        for _ in 0..5 {
            let output = sim.next_beside_probes();
            said.push((sim.now - start, output));
        }
        let ping = |after_s| {
            let token_expires_at = None;
            (
                Duration::from_secs(after_s),
                Output::Ping { token_expires_at },
            )
        };
        let warned = (Duration::from_secs(15), warning);
        let closed = Output::Close(Close::forbidden("the token expired"));
        let closed = (Duration::from_secs(85), closed);
        assert_eq!(said, [warned, ping(35), ping(55), ping(75), closed]);
    }
}

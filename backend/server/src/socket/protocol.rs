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
        if !matches!(input, Input::Timeout | Input::Admitted { .. }) {
            self.heard_at = self.heard_at.max(now);
            self.ping_at = self.heard_at + self.settings.ping_after;
        }

        let output = match input {
            Input::Text(text) => match ClientMessage::parse(text) {
                Ok(message) => self.handle_message(message),
                Err(reason) => Some(Output::Close(Close::bad_message(reason))),
            },
            Input::Binary => Some(Output::Close(Close::bad_message(
                "messages are text, not binary",
            ))),
            Input::ControlFrame => None,
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
        let silence = Some(self.heard_at + self.settings.silence_max);
        let ping = Some(self.ping_at);

        match self.phase {
            Phase::Waiting { since } => Some(since + self.settings.init_timeout),
            Phase::Authenticating => silence,
            Phase::Ready => [silence, ping, self.warn_at(), self.expiry_at()]
                .into_iter()
                .flatten()
                .min(),
            Phase::Closed => None,
        }
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
        if has_come(Some(self.heard_at + self.settings.silence_max)) {
            let silence_s = self.settings.silence_max.as_secs();
            let reason = format!("nothing heard for {silence_s} s");
            return Some(Output::Close(Close::overload(reason)));
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
    fn an_idle_client_is_pinged_and_a_silent_one_dropped() {
        let mut sim = Sim::ready(None);
        let ping = || Output::Ping {
            token_expires_at: None,
        };

        assert_eq!(sim.next_timeout(), (Duration::from_secs(20), ping()));
        sim.now += Duration::from_secs(1);
        assert_eq!(sim.text(r#"{"type":"pong"}"#), None);
        assert_eq!(sim.next_timeout(), (Duration::from_secs(20), ping()));
        assert_eq!(sim.next_timeout(), (Duration::from_secs(20), ping()));
        let (after, Output::Close(close)) = sim.next_timeout() else {
            panic!("not closed")
        };
        assert_eq!(
            (after, close.code),
            (Duration::from_secs(5), Close::OVERLOAD)
        );
    }

    #[test]
    fn a_token_that_runs_out_is_announced_and_then_closes_the_socket() {
        let mut sim = Sim::ready(Some(Duration::from_secs(75)));
        let warning = Output::Ping {
            token_expires_at: Some(ServerTime::from_unix_millis(77)),
        };

        assert_eq!(sim.next_timeout(), (Duration::from_secs(15), warning));
        for _ in 0..3 {
            assert!(matches!(
                sim.next_timeout().1,
                Output::Ping {
                    token_expires_at: None
                }
            ));
            sim.text(r#"{"type":"pong"}"#);
        }
        let (after, output) = sim.next_timeout();
        assert_eq!(output, Output::Close(Close::forbidden("the token expired")));
        assert_eq!(after, Duration::from_secs(10));
    }
}

//! The elements of the markup that something is written to.

/// One of them, or one of several of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part(u32);

/// How many numbers there are for kinds, as in `pen.js`.
const KINDS_MAX: u32 = 256;

impl Part {
    /// The one of its kind that has `index` before it. Those that the markup lacks are made in their order.
    pub(crate) const fn nth(self, index: usize) -> Self {
        Self(self.0 + KINDS_MAX * (index as u32))
    }

    /// What `pen.js` calls it.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

/// Numbers the parts in their order, and lists their selectors in the same one.
macro_rules! parts {
    ($first:ident $selector:literal, $($name:ident $more:literal,)*) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "it numbers the constants")]
        enum Kind { $first, $($name),* }
        pub(crate) const $first: Part = Part(Kind::$first as u32);
        $(pub(crate) const $name: Part = Part(Kind::$name as u32);)*
        /// A line each.
        pub(crate) const SELECTORS: &str = concat!($selector, $("\n", $more),*);
    };
}

parts! {
    STAGE ".stage",

    TRAIN ".train",
    FILL ".fill",
    SIGN ".sign",
    GOAL ".goal",
    NEXT ".next",
    RUN ".run",
    WORDS ".words",
    WORDS_HEADLINE ".words .headline",
    WORDS_DETAIL ".words .detail",
    SUMMARY ".summary",
    SUMMARY_HEADLINE ".summary .headline",
    SUMMARY_DETAIL ".summary .detail",
    CARS ".cars",
    CAR ".car",
    CAR_NAME ".car .name",
    CAR_AMOUNT ".car b",
    TENDER ".tender",
    TIME ".left",
    FUEL ".fuel",
    LABEL ".label",
    RIDER ".rider",
    RIDER_NAME ".rider span",
    FIGURE ".figure",
    BURST ".burst",
    BAND ".band",
    REACHED ".reached",
    REWARD ".reward",

    ALERT ".alert",
    WHO ".who",
    WHAT ".what",
    MESSAGE ".message",
    STUB ".stub",
    AMOUNT ".stub b",

    LINEUP ".lineup",
    HEAD ".lineup .head",
    HEADING ".lineup .head b",
    ASIDE ".lineup .head span",
    SEAT ".seat",
    SEAT_FACE ".seat .face",
    SEAT_NAME ".seat .holder",
    SEAT_HOST ".seat .host",

    ATTENDANCE ".attendance",
    HERE ".attendance .here",
    COUNT ".attendance .here b",
    FACE ".here .face",
    VISIT ".visit",
    VISIT_WHO ".visit b",
    VISIT_WHAT ".visit span",
}

//! Randomness that a seed repeats.

/// `SplitMix64`: a counter whose steps are stirred.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let stirred = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);

        (stirred ^ (stirred >> 31)) % sides
    }

    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.roll(many) == 0
    }

    /// The index of one of so many, or of one behind them where there are none.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).expect("a count is small");
        usize::try_from(self.roll(count)).expect("it is below a count")
    }

    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.index(among.len())]
    }

    /// One of them, once in so many times.
    pub(crate) fn perhaps<T: Copy>(&mut self, many: u64, among: &[T]) -> Option<T> {
        self.one_in(many).then(|| self.pick(among))
    }
}

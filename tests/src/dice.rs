//! Reproducible random numbers for tests: xorshift64, the same on every machine.

/// A sequence of random numbers.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self::of_state(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The sequence that begins after a state other than 0.
    pub const fn of_state(state: u64) -> Self {
        Self(state)
    }

    /// The next state, of 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`.
    pub const fn draw(&mut self, limit: u64) -> u64 {
        (self.next() >> 20) % limit
    }

    /// Beats below `limit`, in 48ths.
    pub const fn beats(&mut self, limit: u64) -> f64 {
        self.draw(limit * 48) as f64 / 48.0
    }

    /// A place in a range, 0..=1, in hundredths.
    pub const fn place(&mut self) -> f64 {
        self.draw(101) as f64 / 100.0
    }
}

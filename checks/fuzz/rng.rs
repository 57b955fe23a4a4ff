//! Where the chances come from: xorshift, and every seed gives the same chances each time.

use std::cell::Cell;

pub struct Rng(Cell<u64>);

impl Rng {
    pub fn new(seed: u64) -> Self {
        // Neighbouring seeds must differ in more than a bit, and zero would stay zero for ever.
        let scattered = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Rng(Cell::new(scattered ^ scattered >> 32 | 1))
    }

    pub fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

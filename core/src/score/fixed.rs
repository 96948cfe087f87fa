//! Shares of one as whole numbers: floating point would round differently on
//! another machine.

use std::fmt;

/// A number from 0 to 1, in steps of 2^-32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u64);

/// 2^(-step/64) in steps of 2^-32, for every step of a half-life.
const STEPS: [u64; 64] = {
    // 2^(-1/64). Of each product less than one step is lost, in all less than
    // the thousandths that are shown.
    const ROOT: u64 = 4_248_701_965;
    let mut steps = [1 << 32; 64];
    let mut step = 1;
    while step < 64 {
        steps[step] = (steps[step - 1] * ROOT) >> 32;
        step += 1;
    }
    steps
};

impl Share {
    /// Nothing.
    pub const ZERO: Share = Share(0);
    /// All.
    pub const ONE: Share = Share(1 << 32);

    /// So many hundredths, at most 100.
    pub const fn percent(percent: u8) -> Share {
        let percent = if percent > 100 { 100 } else { percent };
        Share(((percent as u64) << 32) / 100)
    }

    /// What is left after `age` of what halves in `half_life`: exact at every
    /// 64th of a half-life, the value before it in between.
    pub fn halved(age: u64, half_life: u32) -> Share {
        let half_life = u64::from(half_life.max(1));
        let halvings = age / half_life;
        if halvings > 32 {
            return Share::ZERO;
        }
        // Below 64, because the rest is below the half-life.
        let step = usize::try_from(age % half_life * 64 / half_life).unwrap_or(63);
        Share(STEPS[step] >> halvings)
    }

    /// This share of another.
    #[must_use]
    pub fn of(self, other: Share) -> Share {
        // Both are at most 2^32; the product of two such is at most 2^64.
        Share(u64::try_from((u128::from(self.0) * u128::from(other.0)) >> 32).unwrap_or(1 << 32))
    }

    /// What is missing to one.
    #[must_use]
    pub fn rest(self) -> Share {
        Share(Share::ONE.0 - self.0)
    }

    /// Hundredths, rounded to the nearest.
    pub fn to_percent(self) -> u8 {
        u8::try_from((self.0 * 100 + (1 << 31)) >> 32).unwrap_or(100)
    }

    /// Thousandths, rounded to the nearest.
    pub fn to_permille(self) -> u16 {
        u16::try_from((self.0 * 1000 + (1 << 31)) >> 32).unwrap_or(1000)
    }
}

impl fmt::Display for Share {
    /// With three decimals: `0.125`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permille = self.to_permille();
        write!(f, "{}.{:03}", permille / 1000, permille % 1000)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

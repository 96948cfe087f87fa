//! Asking the processor for memory that will be read soon.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for all cache lines of some bytes.
pub(crate) fn prefetch_all(bytes: &[u8]) {
    bytes.iter().step_by(LINE).for_each(prefetch);
}

/// Asks for the cache line of `item`; changes nothing but the time that the
/// next look at it takes.
#[inline]
pub(crate) fn prefetch<T>(item: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the pointer comes from a reference, and a prefetch reads
        // nothing that the program could see; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = item;
}

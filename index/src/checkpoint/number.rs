//! Numbers as they lie in a checkpoint.

/// A value of a fixed number of bytes, little endian. Arrays of them are read
/// and written at about the speed of copying.
pub(crate) trait Number: Copy {
    /// How many bytes.
    const SIZE: usize;
    /// Writes it into so many bytes.
    fn put(self, bytes: &mut [u8]);
    /// Reads it from so many bytes.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            const SIZE: usize = size_of::<$type>();

            fn put(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }

            fn get(bytes: &[u8]) -> $type {
                <$type>::from_le_bytes(bytes.try_into().expect("as many bytes as its size"))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64);

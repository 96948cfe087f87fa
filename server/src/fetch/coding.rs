//! Undoing `Content-Encoding` while a body comes in, with an eye on bombs.

use std::io::{self, Write};

use flate2::write::{MultiGzDecoder, ZlibDecoder};
use zstd::stream::write::Decoder as ZstdDecoder;

use super::spool::Draft;

/// What a body may unpack to, as a multiple of what came, once it is large.
/// Lists of one kind of row reach fifty.
pub(crate) const MAX_RATIO: u64 = 200;
/// From how many bytes on a body counts as large.
pub(crate) const LARGE: u64 = 16 << 20;
/// Log of the largest window that a zstd body may ask for: 8 MiB, as RFC 8878
/// (section 3.1.1.1.2) recommends decoders to support, and no more.
const ZSTD_WINDOW: u32 = 23;

/// A body is not what it may be.
#[derive(Debug, thiserror::Error)]
pub(super) enum Overflow {
    #[error("the document is larger than {0} bytes: raise max_size of the feed if that is right")]
    TooLarge(u64),
    #[error("the document unpacks to more than {MAX_RATIO} times what was sent: taken for a bomb")]
    Bomb,
}

/// Writes a document, up to a bound.
pub(super) struct Bounded {
    draft: Draft,
    max_size: u64,
    /// Bytes that came so far.
    pub(super) received: u64,
    /// Whether they are packed.
    is_packed: bool,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let length = self.draft.length() + piece.len() as u64;
        if length > self.max_size {
            return Err(io::Error::other(Overflow::TooLarge(self.max_size)));
        }
        let is_large = self.is_packed && length > LARGE;
        if is_large && length > self.received.saturating_mul(MAX_RATIO) {
            return Err(io::Error::other(Overflow::Bomb));
        }
        self.draft.write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Undoes one coding.
pub(super) enum Decoder {
    Plain(Bounded),
    Gzip(MultiGzDecoder<Bounded>),
    Deflate(ZlibDecoder<Bounded>),
    Zstd(ZstdDecoder<'static, Bounded>),
}

impl Decoder {
    /// For a body with this `Content-Encoding`; an error that says so if it is
    /// none that can be undone.
    pub(super) fn new(coding: Option<&str>, draft: Draft, max_size: u64) -> io::Result<Decoder> {
        let coding = coding.unwrap_or("identity").trim().to_ascii_lowercase();
        let bounded = Bounded {
            draft,
            max_size,
            received: 0,
            is_packed: !matches!(&*coding, "" | "identity"),
        };
        Ok(match &*coding {
            "" | "identity" => Decoder::Plain(bounded),
            "gzip" | "x-gzip" => Decoder::Gzip(MultiGzDecoder::new(bounded)),
            "deflate" => Decoder::Deflate(ZlibDecoder::new(bounded)),
            "zstd" => {
                let mut decoder = ZstdDecoder::new(bounded)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Decoder::Zstd(decoder)
            }
            other => {
                let shown: String = other.chars().take(40).collect();
                return Err(io::Error::other(format!(
                    "it is packed as {shown:?}, which was not asked for"
                )));
            }
        })
    }

    fn bounded(&mut self) -> &mut Bounded {
        match self {
            Decoder::Plain(bounded) => bounded,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Deflate(decoder) => decoder.get_mut(),
            Decoder::Zstd(decoder) => decoder.get_mut(),
        }
    }

    /// Takes a piece of the body.
    pub(super) fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        self.bounded().received += piece.len() as u64;
        match self {
            Decoder::Plain(bounded) => bounded.write_all(piece),
            Decoder::Gzip(decoder) => decoder.write_all(piece),
            Decoder::Deflate(decoder) => decoder.write_all(piece),
            Decoder::Zstd(decoder) => decoder.write_all(piece),
        }
    }

    /// The body is over.
    pub(super) fn finish(self) -> io::Result<Draft> {
        let bounded = match self {
            Decoder::Plain(bounded) => bounded,
            Decoder::Gzip(decoder) => decoder.finish()?,
            Decoder::Deflate(decoder) => decoder.finish()?,
            Decoder::Zstd(decoder) => decoder.finish()?,
        };
        Ok(bounded.draft)
    }
}

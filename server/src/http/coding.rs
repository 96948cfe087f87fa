//! Content codings (RFC 9110, 8.4 and 12.5.3): gzip and zstd for clients that
//! ask for them.

use std::io::{self, Write as _};

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, HeaderValue, VARY,
};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{Stream, TryStreamExt as _, stream};

use super::error::ApiError;
use super::headers::set_content_type;

/// Bytes of a body from which on it is worth it.
const LEAST: usize = 1 << 10;
/// Bytes that are coded where others wait; more are coded apart.
const AT_ONCE: usize = 32 << 10;
/// Quick, and most of what can be won.
const GZIP_LEVEL: u32 = 4;
const ZSTD_LEVEL: i32 = 3;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Not at all.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// What the client takes best; zstd before gzip where it does not care.
    pub(super) fn wanted(headers: &HeaderMap) -> Coding {
        let texts = headers.get_all(ACCEPT_ENCODING).iter();
        let texts = texts.filter_map(|value| value.to_str().ok());
        let (mut any, mut gzip, mut zstd) = (None, None, None);
        for element in texts.flat_map(|text| text.split(',')) {
            let mut parts = element.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let quality = parts.find_map(quality).unwrap_or(1.0);
            match name.to_ascii_lowercase().as_str() {
                "zstd" => zstd = Some(quality),
                "gzip" | "x-gzip" => gzip = Some(quality),
                "*" => any = Some(quality),
                _ => {}
            }
        }
        let any = any.unwrap_or(0.0);
        let (gzip, zstd) = (gzip.unwrap_or(any), zstd.unwrap_or(any));
        if zstd > 0.0 && zstd >= gzip {
            Coding::Zstd
        } else if gzip > 0.0 {
            Coding::Gzip
        } else {
            Coding::Identity
        }
    }

    /// Its name in `Content-Encoding`; none where there is nothing to say.
    fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Zstd => Some("zstd"),
        }
    }
}

fn quality(parameter: &str) -> Option<f32> {
    let (name, quality) = parameter.split_once('=')?;
    let is_quality = name.trim().eq_ignore_ascii_case("q");
    is_quality.then(|| quality.trim().parse().unwrap_or(0.0))
}

/// Codes a body that comes in pieces.
enum Encoder {
    /// Pieces as they are.
    Plain,
    /// As gzip.
    Gzip(GzEncoder<Vec<u8>>),
    /// As zstd.
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    fn new(coding: Coding) -> io::Result<Encoder> {
        Ok(match coding {
            Coding::Identity => Encoder::Plain,
            Coding::Gzip => Encoder::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
            Coding::Zstd => {
                Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?)
            }
        })
    }

    /// What the client is to get of a piece, all of it.
    fn push(&mut self, piece: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Encoder::Plain => Ok(piece),
            Encoder::Gzip(encoder) => {
                encoder.write_all(&piece)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Encoder::Zstd(encoder) => {
                encoder.write_all(&piece)?;
                encoder.flush()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }

    /// What ends the body.
    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Encoder::Plain => Ok(Vec::new()),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

fn encode(coding: Coding, body: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new(coding)?;
    if let Encoder::Zstd(encoder) = &mut encoder {
        encoder.set_pledged_src_size(Some(body.len() as u64))?;
    }
    match &mut encoder {
        Encoder::Plain => return Ok(body),
        Encoder::Gzip(encoder) => encoder.write_all(&body)?,
        Encoder::Zstd(encoder) => encoder.write_all(&body)?,
    }
    encoder.finish()
}

/// A response with a whole body, coded as the client likes it if that is worth
/// it.
pub(super) async fn respond(
    headers: &HeaderMap,
    media_type: &'static str,
    body: Vec<u8>,
) -> Result<Response, ApiError> {
    let coding = Coding::wanted(headers);
    let (coding, body) = if coding == Coding::Identity || body.len() < LEAST {
        (Coding::Identity, body)
    } else if body.len() <= AT_ONCE {
        (coding, encode(coding, body).map_err(ApiError::internal)?)
    } else {
        let coded = tokio::task::spawn_blocking(move || encode(coding, body)).await;
        let coded = coded.map_err(ApiError::internal)?;
        (coding, coded.map_err(ApiError::internal)?)
    };
    let mut response = Response::new(Body::from(body));
    set_content_type(response.headers_mut(), media_type);
    describe(response.headers_mut(), coding);
    Ok(response)
}

/// A response with a body that comes in pieces, of which each reaches the
/// client as it comes.
pub(super) fn respond_in_pieces(
    coding: Coding,
    media_type: &'static str,
    pieces: impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static,
) -> Result<Response, ApiError> {
    let encoder = Encoder::new(coding).map_err(ApiError::internal)?;
    let left = Some((Box::pin(pieces), encoder));
    let coded = stream::try_unfold(left, async |left| {
        let Some((mut pieces, encoder)) = left else {
            return Ok(None);
        };
        let Some(piece) = pieces.try_next().await? else {
            let end = encoder.finish()?;
            return Ok((!end.is_empty()).then(|| (Bytes::from(end), None)));
        };
        let (piece, encoder) = encode_piece(encoder, piece).await?;
        io::Result::Ok(Some((Bytes::from(piece), Some((pieces, encoder)))))
    });
    let mut response = Response::new(Body::from_stream(coded));
    set_content_type(response.headers_mut(), media_type);
    describe(response.headers_mut(), coding);
    Ok(response)
}

/// Codes a piece; where that takes a while, apart from who waits for others.
async fn encode_piece(mut encoder: Encoder, piece: Vec<u8>) -> io::Result<(Vec<u8>, Encoder)> {
    if piece.len() <= AT_ONCE || matches!(encoder, Encoder::Plain) {
        return Ok((encoder.push(piece)?, encoder));
    }
    let coded =
        tokio::task::spawn_blocking(move || io::Result::Ok((encoder.push(piece)?, encoder)));
    coded.await?
}

/// Says how a body is coded, and for whom it may be kept: whoever keeps it asks
/// again each time, for what the same target gives is another thing by key.
pub(super) fn describe(headers: &mut HeaderMap, coding: Coding) {
    const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
    const VARIES: HeaderValue =
        HeaderValue::from_static("accept, accept-encoding, authorization, x-api-key");
    if let Some(name) = coding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    headers.insert(CACHE_CONTROL, PRIVATE);
    headers.insert(VARY, VARIES);
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn wanted(accept: &'static str) -> Coding {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
        Coding::wanted(&headers)
    }

    #[test]
    fn the_client_says_what_it_takes() {
        assert_eq!(Coding::wanted(&HeaderMap::new()), Coding::Identity);
        for (accept, coding) in [
            ("gzip", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Zstd),
            ("gzip;q=1.0, zstd;q=0.5", Coding::Gzip),
            ("GZIP", Coding::Gzip),
            ("*", Coding::Zstd),
            ("zstd;q=0, *", Coding::Gzip),
            ("zstd;q=0, gzip;q=0", Coding::Identity),
            ("identity, br", Coding::Identity),
            ("gzip;q=none", Coding::Identity),
            ("", Coding::Identity),
        ] {
            assert_eq!(wanted(accept), coding, "{accept}");
        }
    }

    fn decode(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        match coding {
            Coding::Identity => body.extend_from_slice(bytes),
            Coding::Gzip => {
                let mut decoder = flate2::read::GzDecoder::new(bytes);
                decoder.read_to_end(&mut body).unwrap();
            }
            Coding::Zstd => {
                let mut decoder = ruzstd::decoding::StreamingDecoder::new(bytes).unwrap();
                decoder.read_to_end(&mut body).unwrap();
            }
        }
        body
    }

    #[test]
    fn pieces_reach_the_client_as_they_come() {
        for coding in [Coding::Identity, Coding::Gzip, Coding::Zstd] {
            let mut encoder = Encoder::new(coding).unwrap();
            let (mut sent, mut expected) = (Vec::new(), Vec::new());
            for number in 0..100 {
                let piece = format!("{number} evil.example.com\n").into_bytes();
                expected.extend_from_slice(&piece);
                let out = encoder.push(piece).unwrap();
                assert!(!out.is_empty());
                sent.extend(out);
            }
            sent.extend(encoder.finish().unwrap());
            assert_eq!(decode(coding, &sent), expected, "{coding:?}");
            let whole = encode(coding, expected.clone()).unwrap();
            assert_eq!(decode(coding, &whole), expected, "{coding:?}");
        }
    }
}

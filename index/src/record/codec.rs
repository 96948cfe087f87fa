//! Numbers, texts and lists as bytes, for records.

use iocd_core::claim::{ClaimId, Tlp};
use iocd_core::value::Kind;

use super::{Article, Malformed};

pub(super) fn put_key(out: &mut Vec<u8>, kind: Kind, source: u16, id: ClaimId, value: &str) {
    out.push(kind as u8);
    out.extend_from_slice(&source.to_le_bytes());
    out.extend_from_slice(&id.0);
    put_text(out, value);
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(
        out,
        u32::try_from(bytes.len()).expect("a field is far below 4 GiB"),
    );
    out.extend_from_slice(bytes);
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

/// Takes fields off the front of a body.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn varint(&mut self) -> Result<u32, Malformed> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift).ok_or(Malformed)?;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    pub(super) fn field(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.varint()?;
        self.bytes(length as usize)
    }

    pub(super) fn list(&mut self, present: bool) -> Result<&'a [u8], Malformed> {
        if present { self.field() } else { Ok(&[]) }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.field()?).map_err(|_| Malformed)
    }

    pub(super) fn key(&mut self) -> Result<(Kind, u16, ClaimId, &'a str), Malformed> {
        let kind = Kind::from_u8(self.byte()?).ok_or(Malformed)?;
        let source = u16::from_le_bytes(self.array()?);
        let id = ClaimId(self.array()?);
        Ok((kind, source, id, self.text()?))
    }

    pub(super) fn tlp(&mut self) -> Result<Tlp, Malformed> {
        Ok(match self.byte()? {
            0 => Tlp::Clear,
            1 => Tlp::Green,
            2 => Tlp::Amber,
            3 => Tlp::AmberStrict,
            4 => Tlp::Red,
            _ => return Err(Malformed),
        })
    }

    pub(super) fn article(&mut self) -> Result<Article<'a>, Malformed> {
        Ok(Article {
            id: self.text()?,
            title: self.text()?,
            url: self.text()?,
            published_at: self.u32()?,
        })
    }
}

//! Cells that hold several values, or mention them among words.

use super::{ClaimMaker, MAX_VALUES};
use crate::extract::{Options, extract};
use crate::normalize::Reading;
use crate::value::Kind;

impl ClaimMaker<'_> {
    /// What a cell holds that is no value as a whole: values divided by commas,
    /// semicolons, bars or blanks, or a text that mentions some. False if none.
    pub(super) fn find_several(
        &mut self,
        text: &str,
        kinds: &[Kind],
        confidence: Option<u8>,
    ) -> bool {
        if let Some(reading) = self.read_with_port(text, kinds) {
            self.keep(reading, text, confidence);
            return true;
        }
        let is_divider = |char: char| char.is_whitespace() || matches!(char, ',' | ';' | '|');
        let parts = || text.split(is_divider).filter(|part| !part.is_empty());
        let room = MAX_VALUES - self.found.len();
        let readings: Result<Vec<_>, _> = parts()
            .take(room + 1)
            .map(|part| Ok((part, self.read(part, kinds)?)))
            .collect::<Result<_, crate::normalize::Refusal>>();
        match readings {
            Ok(readings) if !readings.is_empty() => {
                for (part, reading) in readings.into_iter().take(room) {
                    self.keep(reading, part, confidence);
                }
                if parts().nth(room).is_some() {
                    self.leave_out(text, "the row has more than 1024 values");
                }
                true
            }
            _ => self.find_mentions(text, confidence),
        }
    }

    /// `203.0.113.7|443`, as MISP writes an address with a port.
    fn read_with_port(&self, text: &str, kinds: &[Kind]) -> Option<Reading> {
        let (host, port) = text.split_once('|')?;
        let port: u16 = port.trim().parse().ok()?;
        let mut reading = self.read(host.trim(), kinds).ok()?;
        reading.port = Some(port);
        Some(reading)
    }

    /// Every value that a text mentions, as prose does. False if none.
    pub(super) fn find_mentions(&mut self, text: &str, confidence: Option<u8>) -> bool {
        let before = self.found.len();
        let options = Options {
            unique: true,
            hosts: false,
        };
        extract(text, &options, &mut |mention| {
            if self.found.len() < MAX_VALUES {
                let written = &text[mention.span.clone()];
                self.keep(mention.reading, written, confidence);
            }
        });
        self.found.len() > before
    }
}

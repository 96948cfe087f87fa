//! Rows inside of a group that describes them all.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::pick::{Pick, Picker};
use crate::observation::Observation;

/// A group: an object one of whose keys holds the rows.
pub(super) struct Group<'a> {
    pub(super) picker: &'a Picker,
    pub(super) each: &'a str,
    pub(super) parent: &'a Observation,
    pub(super) row: &'a mut Observation,
    pub(super) give: &'a mut dyn FnMut(&Observation),
}

impl<'de> Visitor<'de> for Group<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a group of rows")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if *key == *self.each {
                found |= map.next_value_seed(GroupRows(&mut self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

struct GroupRows<'g, 'a>(&'g mut Group<'a>);

impl<'de> DeserializeSeed<'de> for GroupRows<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<bool, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for GroupRows<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let Group {
            picker,
            parent,
            row,
            give,
            ..
        } = self.0;
        loop {
            row.clear();
            row.damaged = parent.damaged;
            let mut seen = 0;
            let pick = Pick {
                columns: &picker.columns,
                mask: picker.own,
                depth: 0,
                row,
                seen: &mut seen,
            };
            if seq.next_element_seed(pick)?.is_none() {
                return Ok(true);
            }
            row.push_around(parent);
            give(row);
        }
    }
}

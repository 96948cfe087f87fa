//! Takes the wanted cells out of one row, copying nothing else.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::group::Group;
use crate::observation::{ColumnId, Columns, Observation};

/// A column as a path of keys.
#[derive(Clone, Debug)]
pub(super) struct JsonColumn {
    id: ColumnId,
    path: Vec<String>,
    /// It belongs to the group that the row is in.
    parent: bool,
    anchor: bool,
}

impl JsonColumn {
    pub(super) fn new(id: ColumnId, name: &str, anchor: bool) -> JsonColumn {
        let (parent, name) = match name.strip_prefix('^') {
            Some(name) => (true, name),
            None => (false, name),
        };
        JsonColumn {
            id,
            path: name.split('.').map(str::to_owned).collect(),
            parent,
            anchor,
        }
    }
}

/// Picks the columns of a format out of rows.
#[derive(Debug)]
pub(super) struct Picker {
    pub(super) columns: Vec<JsonColumn>,
    pub(super) own: u64,
    parents: u64,
    anchors: u64,
}

impl Picker {
    pub(super) fn new(columns: &Columns) -> Result<Picker, String> {
        let columns = super::json_columns(columns);
        if columns.len() > 64 {
            return Err(format!("{} columns: at most 64 are allowed", columns.len()));
        }
        let mask = |wanted: &dyn Fn(&JsonColumn) -> bool| {
            columns
                .iter()
                .enumerate()
                .filter(|(_, column)| wanted(column))
                .fold(0, |mask, (place, _)| mask | 1 << place)
        };
        let own = mask(&|column| !column.parent);
        let parents = mask(&|column| column.parent);
        let anchors = mask(&|column| column.anchor);
        Ok(Picker {
            columns,
            own,
            parents,
            anchors,
        })
    }

    /// Picks a row's cells; true if a column of values is among its keys.
    pub(super) fn pick(
        &self,
        text: &str,
        row: &mut Observation,
    ) -> Result<bool, serde_json::Error> {
        let mut source = serde_json::Deserializer::from_str(text);
        let seen = self.pick_from(&mut source, self.own, row)?;
        source.end()?;
        Ok(seen)
    }

    /// Picks the rows in the array under the key `each`, every one with the
    /// cells of the group around it; false if there is no such array.
    pub(super) fn pick_each(
        &self,
        text: &str,
        each: &str,
        parent: &mut Observation,
        row: &mut Observation,
        give: &mut dyn FnMut(&Observation),
    ) -> Result<bool, serde_json::Error> {
        // Once for the group's own cells, which may stand behind its rows; this
        // also shows that the whole is valid.
        self.pick_from(
            &mut serde_json::Deserializer::from_str(text),
            self.parents,
            parent,
        )?;
        let group = Group {
            picker: self,
            each,
            parent,
            row,
            give,
        };
        serde_json::Deserializer::from_str(text).deserialize_map(group)
    }

    fn pick_from<'de, D: Deserializer<'de>>(
        &self,
        source: D,
        mask: u64,
        row: &mut Observation,
    ) -> Result<bool, D::Error> {
        let mut seen = 0;
        Pick {
            columns: &self.columns,
            mask,
            depth: 0,
            row,
            seen: &mut seen,
        }
        .deserialize(source)?;
        Ok(seen & self.anchors != 0)
    }
}

/// The keys of a row, for a message.
pub(super) fn keys(text: &str) -> Vec<String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                if keys.len() < 20 {
                    keys.push(key);
                }
            }
            Ok(keys)
        }
    }
    serde_json::Deserializer::from_str(text)
        .deserialize_map(Keys)
        .unwrap_or_default()
}

/// Walks a value for the columns of `mask`, all of whose paths agree with the
/// way here for `depth` keys.
pub(super) struct Pick<'a> {
    pub(super) columns: &'a [JsonColumn],
    pub(super) mask: u64,
    pub(super) depth: usize,
    pub(super) row: &'a mut Observation,
    /// The columns whose keys were there, whatever they hold.
    pub(super) seen: &'a mut u64,
}

impl Pick<'_> {
    fn push(self, write: impl Fn(&mut String)) {
        let mut mask = self.mask;
        while mask != 0 {
            let column = &self.columns[mask.trailing_zeros() as usize];
            if column.path.len() == self.depth {
                self.row.push_with(column.id, &write);
            }
            mask &= mask - 1;
        }
    }
}

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(mask) = map.next_key_seed(Key {
            columns: self.columns,
            mask: self.mask,
            depth: self.depth,
        })? {
            if mask == 0 {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            *self.seen |= mask;
            map.next_value_seed(Pick {
                columns: self.columns,
                mask,
                depth: self.depth + 1,
                row: &mut *self.row,
                seen: &mut *self.seen,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(Pick {
                columns: self.columns,
                mask: self.mask,
                depth: self.depth,
                row: &mut *self.row,
                seen: &mut *self.seen,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.push(|out| out.push_str(text));
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(|out| out.push_str(if value { "true" } else { "false" }));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.push(|out| write_number(out, value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(|out| write_number(out, value));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.push(|out| write_number(out, value));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

fn write_number(out: &mut String, number: impl fmt::Display) {
    write!(out, "{number}").expect("a String takes all that is written to it");
}

/// Reads a key and gives the columns of `mask` whose paths go through it.
struct Key<'a> {
    columns: &'a [JsonColumn],
    mask: u64,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<u64, D::Error> {
        source.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<u64, E> {
        let (mut left, mut through) = (self.mask, 0);
        while left != 0 {
            let place = left.trailing_zeros();
            let step = self.columns[place as usize].path.get(self.depth);
            if step.is_some_and(|step| step.eq_ignore_ascii_case(key)) {
                through |= 1 << place;
            }
            left &= left - 1;
        }
        Ok(through)
    }
}

/// A text, number or truth value, as text.
pub(super) struct Scalar<'t>(pub(super) Cow<'t, str>);

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Cow::Owned(number.to_string()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Cow::Owned(value.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(""))
            }
        }
        source.deserialize_any(Text).map(Scalar)
    }
}

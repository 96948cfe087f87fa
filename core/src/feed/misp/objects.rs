//! Attributes, and objects of attributes.

use super::document::Reader;
use super::event::MAX_WORDS;
use crate::feed::cell::printable;
use crate::feed::json::scan::Scanner;
use crate::feed::object::Members;
use crate::feed::outcome::FeedError;
use crate::feed::statement::is_one_file;

impl Reader<'_, '_> {
    /// One attribute or an array of them.
    pub(super) fn read_attributes(
        &mut self,
        scanner: &mut Scanner<'_, '_>,
    ) -> Result<(), FeedError> {
        self.each_object(scanner, |reader, scanner| {
            let line = scanner.line();
            let members = Members::read(scanner)?;
            reader.take_attribute(&members, line);
            Ok(())
        })
    }

    /// Objects of attributes.
    pub(super) fn read_objects(&mut self, scanner: &mut Scanner<'_, '_>) -> Result<(), FeedError> {
        self.each_object(scanner, |reader, scanner| {
            let first = reader.held.len();
            let mut members = Members::default();
            let mut key = String::new();
            scanner.open()?;
            while scanner.element(b'}')? {
                scanner.key(&mut key)?;
                if key == "Attribute" && matches!(scanner.next()?, Some(b'{' | b'[')) {
                    reader.read_attributes(scanner)?;
                } else {
                    members.take(&key, scanner)?;
                }
            }
            let object = members.object();
            let comment = object
                .text("comment")
                .map(|words| printable(words, MAX_WORDS));
            // Fewer where not all could wait.
            let object_held = reader.held.get(first..).unwrap_or_default();
            let groups = object_held.iter().flat_map(|held| &held.statement.groups);
            let hashes = groups.filter(|group| group.kind == "hash");
            let hashes: Vec<String> = hashes
                .flat_map(|group| group.values.clone())
                .take(8)
                .collect();
            let one_file = object.text("name") == Some("file") && is_one_file(&hashes);
            for held in reader.held.iter_mut().skip(first) {
                if object.flag("deleted") == Some(true) {
                    held.statement.about.push(reader.columns.withdrawn, "true");
                }
                if held.comment.is_none() {
                    held.comment.clone_from(&comment);
                }
                if one_file {
                    held.statement.file.clone_from(&hashes);
                }
            }
            Ok(())
        })
    }

    fn each_object(
        &mut self,
        scanner: &mut Scanner<'_, '_>,
        mut read: impl FnMut(&mut Self, &mut Scanner<'_, '_>) -> Result<(), FeedError>,
    ) -> Result<(), FeedError> {
        if scanner.next()? == Some(b'{') {
            return read(self, scanner);
        }
        scanner.open()?;
        while scanner.element(b']')? {
            if scanner.next()? == Some(b'{') {
                read(self, scanner)?;
            } else {
                let line = scanner.line();
                scanner.skip()?;
                self.sink
                    .refused(line, "", "an attribute of MISP is a JSON object");
            }
        }
        Ok(())
    }
}

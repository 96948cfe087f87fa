//! Which values a pattern says are bad.

use crate::feed::statement::Group;

use super::{Comparison, Form, Literal, Observed, Operator, Path, Pattern, Step, Test};

/// Paths that are told of a pattern without values.
const MAX_TOLD: usize = 3;

/// The values that a pattern names, by what they are.
///
/// A value is named where something is equal to it, is one of a set with it, or
/// is a subset of it, and the test is not negated. What is only like it, or
/// matches an expression, is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::feed) struct Named {
    /// Addresses, networks and domains.
    pub(in crate::feed) hosts: Vec<String>,
    pub(in crate::feed) urls: Vec<String>,
    pub(in crate::feed) emails: Vec<String>,
    /// Of files: MD5, SHA-1, SHA-256, SHA-512.
    pub(in crate::feed) hashes: Vec<String>,
    /// Ports that are connected to.
    pub(in crate::feed) ports: Vec<String>,
    /// Some of the tests that name no value, for a person.
    pub(in crate::feed) others: Vec<String>,
}

impl Named {
    /// The values as groups of rows; those without values are left out.
    pub(in crate::feed) fn into_groups(self) -> Vec<Group> {
        // Some call a host without scheme and path a URL.
        let (urls, bare): (Vec<_>, Vec<_>) =
            self.urls.into_iter().partition(|url| url.contains('/'));
        let mut hosts = self.hosts;
        hosts.extend(bare);
        let groups = [
            ("host", hosts, self.ports),
            ("url", urls, Vec::new()),
            ("email", self.emails, Vec::new()),
            ("hash", self.hashes, Vec::new()),
        ];
        let groups = groups.map(|(kind, values, ports)| Group {
            kind,
            values,
            ports,
        });
        groups
            .into_iter()
            .filter(|group| !group.values.is_empty())
            .collect()
    }

    fn add_observed(&mut self, observed: &Observed) {
        match &observed.form {
            Form::Test(comparison) => self.add_comparison(comparison),
            Form::Joined(_, parts) => parts.iter().for_each(|part| self.add_observed(part)),
        }
    }

    fn add_comparison(&mut self, comparison: &Comparison) {
        match comparison {
            Comparison::Test(test) => self.add_test(test),
            Comparison::Exists { path, .. } => self.tell(format!("EXISTS {path}")),
            Comparison::Joined(_, parts) => parts.iter().for_each(|part| self.add_comparison(part)),
        }
    }

    fn add_test(&mut self, test: &Test) {
        let meaning = Meaning::of(&test.path);
        let names = match test.operator {
            Operator::Equal | Operator::In => !test.negated,
            Operator::NotEqual => test.negated,
            Operator::IsSubset => !test.negated && meaning == Some(Meaning::Host),
            _ => false,
        };
        let list = match meaning.filter(|_| names) {
            Some(Meaning::Host) => &mut self.hosts,
            Some(Meaning::Url) => &mut self.urls,
            Some(Meaning::Email) => &mut self.emails,
            Some(Meaning::Hash) => &mut self.hashes,
            Some(Meaning::Port) => &mut self.ports,
            None => {
                let not = if test.negated { " NOT" } else { "" };
                return self.tell(format!("{}{not} {}", test.path, test.operator));
            }
        };
        list.extend(test.literals.iter().filter_map(|literal| match literal {
            Literal::Text(value) | Literal::Hex(value) => Some(value.clone()),
            Literal::Integer(number) => Some(number.to_string()),
            _ => None,
        }));
    }

    fn tell(&mut self, test: String) {
        if self.others.len() < MAX_TOLD {
            self.others.push(test);
        }
    }
}

impl Pattern {
    /// The values that it names.
    pub(in crate::feed) fn named(&self) -> Named {
        let mut named = Named::default();
        named.add_observed(&self.root);
        named
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Host,
    Url,
    Email,
    Hash,
    Port,
}

impl Meaning {
    fn of(path: &Path) -> Option<Meaning> {
        let keys: Vec<&str> = path
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(&**key),
                Step::Index(_) => None,
            })
            .collect();
        Some(match (&*path.object, &keys[..]) {
            ("ipv4-addr" | "ipv6-addr" | "domain-name", ["value"])
            | ("domain-name", ["resolves_to_refs", "value"])
            | (
                "network-traffic",
                ["dst_ref" | "src_ref", "value"]
                | ["extensions", "http-request-ext", "request_header", "Host"],
            ) => Meaning::Host,
            ("network-traffic", ["dst_port"]) => Meaning::Port,
            ("url", ["value"]) => Meaning::Url,
            // Who gets a message is the one it is aimed at.
            ("email-addr", ["value"]) | ("email-message", ["from_ref" | "sender_ref", "value"]) => {
                Meaning::Email
            }
            // In extensions there are hashes of parts of files.
            ("file" | "artifact" | "process" | "email-message", [way @ .., "hashes", name])
                if !way.contains(&"extensions") && is_file_hash(name) =>
            {
                Meaning::Hash
            }
            _ => return None,
        })
    }
}

/// Whether values have a type for hashes of this algorithm, however it is
/// spelled: `SHA-256`, `SHA256`, `sha256`.
pub(in crate::feed::stix) fn is_file_hash(name: &str) -> bool {
    let plain = name.replace(['-', '_'], "").to_ascii_lowercase();
    matches!(&*plain, "md5" | "sha1" | "sha256" | "sha512")
}

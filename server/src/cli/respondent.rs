//! Who answers commands that only ask: the owner of the data directory, or a
//! server elsewhere.

use std::io::{self, BufRead};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use iocd_core::value::Kind;
use serde_json::Value as Json;

use super::{Global, table};
use crate::client::{Address, Client, Search};
use crate::operation::{FileSearch, ListFormat, Operation};
use crate::owner::Owner;

/// Flags of commands that can ask a server elsewhere.
#[allow(clippy::doc_markdown)] // shown as it is
#[derive(Debug, Args)]
pub(super) struct Remote {
    /// Ask the server at this address with an API key, and not the data
    /// directory here [env: IOCD_URL]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// File that holds the API key [env: IOCD_KEY_FILE, or the key itself in IOCD_KEY]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// File of certificates (PEM) that vouch for the server, beside those that
    /// the system trusts [env: IOCD_CA_FILE]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Remote {
    /// The server to ask, if one is named: by a flag, or by the environment
    /// unless a flag names a data directory.
    pub(super) fn client(&self, global: &Global) -> anyhow::Result<Option<Client>> {
        let named = match (&self.server, &global.data) {
            (Some(_), Some(_)) => {
                bail!("--server asks a server and --data the data directory here: give one of them")
            }
            (Some(server), None) => Some(server.clone()),
            (None, Some(_)) => None,
            (None, None) => variable("IOCD_URL")?,
        };
        let Some(address) = named else {
            if self.key_file.is_some() || self.ca_file.is_some() {
                bail!(
                    "--key-file and --ca-file are for a server: name it with --server or IOCD_URL"
                );
            }
            return Ok(None);
        };
        let address: Address = address.parse()?;
        if address.is_in_the_clear() {
            eprintln!("iocd: the API key goes to {address} unencrypted: use https");
        }
        let key = self.key()?;
        let authorities = match &self.ca_file {
            Some(path) => Some(path.clone()),
            None => variable("IOCD_CA_FILE")?.map(PathBuf::from),
        };
        Ok(Some(Client::new(address, &key, authorities.as_deref())?))
    }

    /// The key: never an argument, which other users of the machine could see.
    fn key(&self) -> anyhow::Result<String> {
        let file = match &self.key_file {
            Some(path) => Some(path.clone()),
            None => match variable("IOCD_KEY")? {
                Some(key) => return Ok(key.trim().to_owned()),
                None => variable("IOCD_KEY_FILE")?.map(PathBuf::from),
            },
        };
        let Some(path) = file else {
            bail!(
                "asking a server takes an API key: put it into IOCD_KEY, or into the file that --key-file names"
            );
        };
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.trim().to_owned())
    }
}

/// A variable of the environment that says something.
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            bail!("environment variable {name} is not UTF-8")
        }
    }
}

/// Who answers.
pub(super) enum Respondent {
    /// The owner of the data directory.
    Owner(Owner),
    /// A server elsewhere.
    Server(Client),
}

impl Respondent {
    pub(super) fn find(remote: &Remote, global: &Global) -> anyhow::Result<Respondent> {
        Ok(match remote.client(global)? {
            Some(client) => Respondent::Server(client),
            None => Respondent::Owner(global.owner()?),
        })
    }

    /// Has anyone seen this value? Answers the body of the API's search.
    pub(super) fn search(&self, search: &Search<'_>) -> anyhow::Result<Json> {
        Ok(match self {
            Respondent::Server(client) => client.search(search)?,
            Respondent::Owner(owner) => owner.perform(Operation::Search {
                q: search.q.to_owned(),
                kind: search.kind,
                matching: search.matching.map(str::to_owned),
                status: search.status.map(str::to_owned),
                limit: search.limit,
            })?,
        })
    }

    /// Asks about each line of `input`.
    pub(super) fn search_lines(
        &self,
        request: &FileSearch,
        input: Box<dyn BufRead + Send>,
        tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Respondent::Server(client) => client.search_lines(request, input, tell)?,
            Respondent::Owner(owner) => owner.search_lines(request, input, tell)?,
        }
        Ok(())
    }

    /// The newest entries, as a text in this format.
    pub(super) fn list(
        &self,
        kind: Option<Kind>,
        limit: u32,
        format: ListFormat,
    ) -> anyhow::Result<String> {
        Ok(match self {
            Respondent::Server(client) => client.list(kind, limit, format)?,
            Respondent::Owner(owner) => {
                let list = Operation::List {
                    kind,
                    limit,
                    format,
                };
                table::text(&owner.perform(list)?, "body")
            }
        })
    }

    /// Closes what this process opened.
    pub(super) fn close(self) -> anyhow::Result<()> {
        match self {
            Respondent::Server(_) => {}
            Respondent::Owner(owner) => owner.close()?,
        }
        Ok(())
    }
}

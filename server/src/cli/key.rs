//! `iocd key`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Global, table};
use crate::control::DEFAULT_ACCOUNT;
use crate::operation::{NewKey, Operation};
use crate::owner::Owner;

mod usage;

/// Make, list and revoke API keys.
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a key; its secret is printed once
    Create(Create),
    /// List all keys, revoked ones too
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one key
    Show {
        /// The key's id or prefix
        key: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show how much a key was used; the last few seconds are not in it
    Usage(usage::Usage),
    /// Revoke a key, at once and for good
    Revoke {
        /// The key's id or prefix
        key: String,
        /// Why, for the record
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// What to call it
    #[arg(long)]
    name: String,
    /// The account that holds it
    #[arg(long, default_value = DEFAULT_ACCOUNT)]
    account: String,
    /// Its tier [default: the account's]
    #[arg(long)]
    tier: Option<String>,
    /// What it may be used for; may be repeated [default: everything that reads]
    #[arg(long = "scope", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Days until it is no longer taken, 1 to 365 [default: never]
    #[arg(long, value_name = "D")]
    expires_in_days: Option<u32>,
    /// Network from which it may be used; may be repeated [default: anywhere]
    #[arg(long = "network", value_delimiter = ',')]
    networks: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Key {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let owner = match self {
            Key::Create(_) => global.owner_or_new()?,
            _ => global.owner()?,
        };
        match self {
            Key::Create(create) => create.run(&owner)?,
            Key::List { json } => {
                let keys = owner.perform(Operation::ListKeys)?;
                if json {
                    say!("{keys}");
                } else {
                    let rows = keys.as_array().into_iter().flatten().map(|key| {
                        [
                            "id",
                            "key_prefix",
                            "name",
                            "account",
                            "tier",
                            "status",
                            "scopes",
                            "expires_at",
                        ]
                        .map(|field| table::text(key, field))
                        .to_vec()
                    });
                    table::print(
                        &[
                            "ID", "PREFIX", "NAME", "ACCOUNT", "TIER", "STATUS", "SCOPES",
                            "EXPIRES",
                        ],
                        rows,
                    )?;
                }
            }
            Key::Show { key, json } => {
                let key = owner.perform(Operation::ShowKey { key })?;
                if json {
                    say!("{key}");
                } else {
                    let fields = key.as_object().into_iter().flatten();
                    let rows = fields.map(|(name, _)| vec![name.clone(), table::text(&key, name)]);
                    table::print(&["FIELD", "VALUE"], rows)?;
                }
            }
            Key::Usage(usage) => usage.run(&owner)?,
            Key::Revoke { key, reason } => {
                let key = owner.perform(Operation::RevokeKey { key, reason })?;
                say!(
                    "revoked {} ({})",
                    table::text(&key, "id"),
                    table::text(&key, "name")
                );
            }
        }
        owner.close()?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    fn run(self, owner: &Owner) -> anyhow::Result<()> {
        let key = owner.perform(Operation::CreateKey(NewKey {
            name: self.name,
            account: self.account,
            tier: self.tier,
            scopes: self.scopes,
            expires_in_days: self.expires_in_days,
            networks: self.networks,
        }))?;
        if self.json {
            say!("{key}");
            return Ok(());
        }
        // The secret alone on standard output, so that a script can take it.
        say!("{}", table::text(&key, "key"));
        eprintln!(
            "key {} ({}), tier {}, scopes {}{}. The secret above is shown only now.",
            table::text(&key, "id"),
            table::text(&key, "name"),
            table::text(&key, "tier"),
            table::text(&key, "scopes"),
            key["expires_at"]
                .as_str()
                .map(|end| format!(", expires {end}"))
                .unwrap_or_default(),
        );
        Ok(())
    }
}

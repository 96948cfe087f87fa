//! `iocd account`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Global, table};
use crate::operation::Operation;

/// Make and list accounts. An account's tier is the ceiling for its keys.
#[derive(Debug, Subcommand)]
pub(super) enum Account {
    /// Make an account
    Create {
        /// Its name
        #[arg(required_unless_present = "named")]
        name: Option<String>,
        /// Its name, as with `iocd key create`
        #[arg(long = "name", value_name = "NAME", conflicts_with = "name")]
        named: Option<String>,
        /// Its tier
        #[arg(long, default_value = "free")]
        tier: String,
    },
    /// List all accounts
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Account {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let owner = match self {
            Account::Create { .. } => global.owner_or_new()?,
            Account::List { .. } => global.owner()?,
        };
        match self {
            Account::Create { name, named, tier } => {
                let name = name.or(named).expect("clap requires one of them");
                let account = owner.perform(Operation::CreateAccount { name, tier })?;
                say!(
                    "account {} with tier {}",
                    table::text(&account, "name"),
                    table::text(&account, "tier")
                );
            }
            Account::List { json } => {
                let accounts = owner.perform(Operation::ListAccounts)?;
                if json {
                    say!("{accounts}");
                } else {
                    let rows = accounts.as_array().into_iter().flatten().map(|account| {
                        ["name", "tier", "created_at"]
                            .map(|field| table::text(account, field))
                            .to_vec()
                    });
                    table::print(&["NAME", "TIER", "CREATED"], rows)?;
                }
            }
        }
        owner.close()?;
        Ok(ExitCode::SUCCESS)
    }
}

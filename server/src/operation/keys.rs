//! What commands ask about keys: of all accounts, for who may open the data
//! directory may do everything.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::OperationError;
use crate::config::read_network;
use crate::control::{Control, ControlError, KeyRequest, Scope, Scopes};

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    /// Its name.
    pub name: String,
    /// The account that holds it.
    pub account: String,
    /// Its tier; the account's if not given.
    pub tier: Option<String>,
    /// Its scopes; those for reading if none.
    pub scopes: Vec<String>,
    /// Days until it is no longer taken.
    pub expires_in_days: Option<u32>,
    /// From where it may be used; from anywhere if none.
    pub networks: Vec<String>,
}

pub(super) fn create(control: &Control, new: NewKey) -> Result<Json, OperationError> {
    let networks = new.networks.iter().map(|text| network(text));
    let request = KeyRequest {
        networks: networks.collect::<Result<_, _>>()?,
        scopes: read_scopes(&new.scopes)?,
        account: new.account,
        name: new.name,
        tier: new.tier,
        expires_in_days: new.expires_in_days,
    };
    let (info, secret) = control.create_key(&request)?;
    let mut key = control.describe_key(&info)?;
    key["key"] = secret.reveal().into();
    Ok(key)
}

pub(super) fn list(control: &Control) -> Result<Json, OperationError> {
    Ok(control.describe_keys(&control.keys()?)?.into())
}

pub(super) fn show(control: &Control, key: &str) -> Result<Json, OperationError> {
    Ok(control.describe_key(&control.key(key)?)?)
}

pub(super) fn revoke(
    control: &Control,
    key: &str,
    reason: Option<&str>,
) -> Result<Json, OperationError> {
    Ok(control.describe_key(&control.revoke_key(key, reason)?)?)
}

pub(super) fn tell_usage(control: &Control, key: &str, days: u32) -> Result<Json, OperationError> {
    let key = control.key(key)?;
    Ok(control.usage(&key.id, days)?.to_json())
}

/// None for those that a key has where nobody says.
fn read_scopes(names: &[String]) -> Result<Option<Scopes>, ControlError> {
    if names.is_empty() {
        return Ok(None);
    }
    let scopes = names.iter().map(|name| name.parse::<Scope>());
    scopes.collect::<Result<Scopes, _>>().map(Some)
}

fn network(text: &str) -> Result<IpNet, OperationError> {
    read_network(text).ok_or_else(|| {
        OperationError::Invalid(format!(
            "network {text:?}: expected an address or a network, 192.0.2.0/24"
        ))
    })
}

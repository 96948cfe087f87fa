//! The key that a client wants, and what of it its own key may give.

use std::borrow::Cow;
use std::sync::Arc;

use ipnet::IpNet;

use super::fields::Fields;
use crate::config::{Tier, Tiers, read_network};
use crate::control::{Caller, KeyRequest, MAX_EXPIRY_DAYS, Scope, Scopes};
use crate::http::code::Code;
use crate::http::error::ApiError;

/// Networks that one key may be bound to.
const MAX_NETWORKS: usize = 100;

/// A key as a client asks for it.
pub(super) struct WantedKey {
    name: String,
    expires_in_days: Option<u32>,
    tier: Option<Arc<Tier>>,
    scopes: Option<Scopes>,
    networks: Option<Vec<IpNet>>,
}

impl WantedKey {
    /// The names of its fields.
    pub(super) const FIELDS: &[&str] = &[
        "name",
        "expires_in_days",
        "tier",
        "scopes",
        "allowed_networks",
    ];

    pub(super) fn read(mut fields: Fields, tiers: &Tiers) -> Result<WantedKey, ApiError> {
        let name = fields.take_text("name", "a text of 1 to 100 characters")?;
        Ok(WantedKey {
            name: name.ok_or_else(|| ApiError::missing("name", "what to call the key"))?,
            expires_in_days: read_expiry(&mut fields)?,
            tier: read_tier(&mut fields, tiers)?,
            scopes: read_scopes(&mut fields)?,
            networks: read_networks(&mut fields)?,
        })
    }

    /// What is to be made where `caller` asks for it: of the caller's account,
    /// never with more than the caller has, and never to manage anything.
    pub(super) fn granted_by(self, caller: &Caller) -> Result<KeyRequest, ApiError> {
        let own = caller.tier();
        if let Some(tier) = self.tier.as_ref().filter(|tier| tier.rank > own.rank) {
            let message = format!(
                "Your key has tier {}, and cannot give {}.",
                own.name, tier.name
            );
            return Err(ApiError::new(Code::TierRequired, message).about("tier"));
        }
        Ok(KeyRequest {
            account: caller.key().account.clone(),
            name: self.name,
            tier: Some(
                self.tier
                    .map_or_else(|| own.name.clone(), |t| t.name.clone()),
            ),
            scopes: Some(grant_scopes(self.scopes, caller)?),
            expires_in_days: self.expires_in_days,
            networks: grant_networks(self.networks, caller)?,
        })
    }
}

fn grant_scopes(wanted: Option<Scopes>, caller: &Caller) -> Result<Scopes, ApiError> {
    let refuse =
        |message: String| Err(ApiError::new(Code::InsufficientScope, message).about("scopes"));
    let grantable: Scopes = Scope::ALL
        .into_iter()
        .filter(|scope| caller.may(*scope) && !scope.manages())
        .collect();
    let Some(wanted) = wanted else {
        let reading = Scopes::reading();
        let given: Scopes = grantable.iter().filter(|s| reading.contain(*s)).collect();
        if given == Scopes::default() {
            return refuse("Your key has no scope that it could give to another.".to_owned());
        }
        return Ok(given);
    };
    match wanted.iter().find(|scope| !grantable.contain(*scope)) {
        None => Ok(wanted),
        Some(scope) if scope.manages() => refuse(format!(
            "Scope {} is given on the server's own command line only.",
            scope.as_str()
        )),
        Some(scope) => refuse(format!(
            "Your key does not have scope {}, and cannot give it.",
            scope.as_str()
        )),
    }
}

fn grant_networks(wanted: Option<Vec<IpNet>>, caller: &Caller) -> Result<Vec<IpNet>, ApiError> {
    let own = &caller.key().networks;
    let wanted = wanted.unwrap_or_else(|| own.clone());
    let is_within = |network: &IpNet| own.iter().any(|outer| outer.contains(network));
    if own.is_empty() || (!wanted.is_empty() && wanted.iter().all(is_within)) {
        return Ok(wanted);
    }
    let own: Vec<_> = own.iter().map(ToString::to_string).collect();
    let message = format!(
        "Your key may be used from {} only, and cannot make one for elsewhere.",
        own.join(", ")
    );
    Err(ApiError::new(Code::InsufficientScope, message).about("allowed_networks"))
}

fn read_expiry(fields: &mut Fields) -> Result<Option<u32>, ApiError> {
    let Some(value) = fields.take("expires_in_days") else {
        return Ok(None);
    };
    // JSON has one type of numbers: 30.0 is 30.
    let given = value.as_f64().unwrap_or_default();
    let is_given = |days: &u32| f64::from(*days).total_cmp(&given).is_eq();
    match (1..=MAX_EXPIRY_DAYS).find(is_given) {
        Some(days) => Ok(Some(days)),
        None => Err(ApiError::invalid(
            "expires_in_days",
            &value.to_string(),
            format_args!("a whole number from 1 to {MAX_EXPIRY_DAYS}"),
        )),
    }
}

fn read_tier(fields: &mut Fields, tiers: &Tiers) -> Result<Option<Arc<Tier>>, ApiError> {
    let names: Vec<_> = tiers.iter().map(|tier| tier.name.clone()).collect();
    let expected = format!("one of {}", names.join(", "));
    let Some(name) = fields.take_text("tier", &expected)? else {
        return Ok(None);
    };
    let tier = tiers.get(&name).cloned();
    tier.map(Some).ok_or_else(|| {
        let names = names.into_iter().map(Cow::Owned);
        ApiError::invalid("tier", &name, expected).allowing(names)
    })
}

fn read_scopes(fields: &mut Fields) -> Result<Option<Scopes>, ApiError> {
    let expected = "an array of scopes, at least one";
    let Some(names) = fields.take_texts("scopes", expected)? else {
        return Ok(None);
    };
    if names.is_empty() {
        return Err(ApiError::invalid("scopes", "[]", expected));
    }
    let scopes = names.iter().map(|name| {
        name.parse::<Scope>().map_err(|_| {
            let error = ApiError::invalid("scopes", name, "scopes that there are");
            error.allowing(Scope::ALL.map(|scope| scope.as_str().into()))
        })
    });
    scopes.collect::<Result<Scopes, _>>().map(Some)
}

fn read_networks(fields: &mut Fields) -> Result<Option<Vec<IpNet>>, ApiError> {
    let expected = format!("an array of at most {MAX_NETWORKS} networks, [\"192.0.2.0/24\"]");
    let Some(texts) = fields.take_texts("allowed_networks", &expected)? else {
        return Ok(None);
    };
    if texts.len() > MAX_NETWORKS {
        let given = format!("{} networks", texts.len());
        return Err(ApiError::invalid("allowed_networks", &given, expected));
    }
    let networks = texts.iter().map(|text| {
        let expected = "addresses and networks, 192.0.2.0/24";
        read_network(text).ok_or_else(|| ApiError::invalid("allowed_networks", text, expected))
    });
    networks.collect::<Result<Vec<_>, _>>().map(Some)
}

//! A request on its way.

use iocd_core::feed::fetching::Auth;
use reqwest::header::{
    ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
};

use crate::fetch::Request;
use crate::fetch::error::FetchError;

/// A [`Request`] with what does not change from redirect to redirect.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) home: String,
    pub(super) auth: Option<Auth>,
    pub(super) allow_private: bool,
    pub(super) max_size: u64,
    pub(super) is_conditional: bool,
    pub(super) fields: HeaderMap,
}

impl Asked {
    pub(super) fn new(request: &Request<'_>) -> Result<Asked, FetchError> {
        let mut fields = HeaderMap::new();
        let accepted = HeaderValue::from_static("gzip, zstd");
        fields.insert(ACCEPT_ENCODING, accepted);
        for (name, value) in request.fields {
            let name = HeaderName::try_from(*name);
            let name = name.map_err(|error| FetchError::Setup(error.to_string()))?;
            let value = HeaderValue::try_from(*value);
            let value = value.map_err(|error| FetchError::Setup(error.to_string()))?;
            fields.insert(name, value);
        }
        let known = [
            (IF_NONE_MATCH, request.etag),
            (IF_MODIFIED_SINCE, request.last_modified),
        ];
        let mut is_conditional = false;
        for (name, value) in known {
            // What the server said once and cannot be said back is left out.
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
                fields.insert(name, value);
                is_conditional = true;
            }
        }
        Ok(Asked {
            url: request.url.to_owned(),
            home: request.home.to_owned(),
            auth: request.auth.cloned(),
            allow_private: request.allow_private,
            max_size: request.max_size,
            is_conditional,
            fields,
        })
    }
}

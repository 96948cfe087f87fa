//! A small JSON object as the body of a request.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::media_type::{media_type, unsupported};

/// Bytes of such a body at most: several times what the longest fields take.
const MAX_BODY: usize = 64 << 10;

const FORMS: &str = "application/json (an object)";

/// The fields of an object: known names, each at most once.
pub(super) struct Fields(Vec<(String, Json)>);

impl Fields {
    /// Reads the body of a request, which has to be an object with no other
    /// fields than these.
    pub(super) async fn read(
        request: Request,
        known: &'static [&'static str],
    ) -> Result<Fields, ApiError> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        Fields::parse(&collect(body).await?, known)
    }

    /// The same of a request that may have no body.
    pub(super) async fn read_optional(
        request: Request,
        known: &'static [&'static str],
    ) -> Result<Fields, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = collect(body).await?;
        if bytes.is_empty() {
            return Ok(Fields(Vec::new()));
        }
        check_media_type(&parts.headers)?;
        Fields::parse(&bytes, known)
    }

    fn parse(bytes: &[u8], known: &'static [&'static str]) -> Result<Fields, ApiError> {
        let Object(fields) = serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("The body is not valid: expected a JSON object, {error}.");
            ApiError::new(Code::InvalidParameter, message).about("body")
        })?;
        for (position, (name, _)) in fields.iter().enumerate() {
            let Some(name) = known.iter().find(|known| *known == name) else {
                return Err(ApiError::unknown(name, known.iter().copied()));
            };
            if fields[..position].iter().any(|(other, _)| other == name) {
                let message = format!("Field {name} is given more than once.");
                return Err(ApiError::new(Code::InvalidParameter, message).about(name));
            }
        }
        Ok(Fields(fields))
    }

    /// Takes the value of a field; one that is `null` is as good as none.
    pub(super) fn take(&mut self, name: &str) -> Option<Json> {
        let position = self.0.iter().position(|(known, _)| known == name)?;
        let (_, value) = self.0.swap_remove(position);
        (!value.is_null()).then_some(value)
    }

    /// Takes a text.
    pub(super) fn take_text(
        &mut self,
        name: &'static str,
        expected: &str,
    ) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(other) => Err(ApiError::invalid(name, &other.to_string(), expected)),
        }
    }

    /// Takes an array of texts.
    pub(super) fn take_texts(
        &mut self,
        name: &'static str,
        expected: &str,
    ) -> Result<Option<Vec<String>>, ApiError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let texts = value.as_array().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        let invalid = || ApiError::invalid(name, &value.to_string(), expected);
        texts.ok_or_else(invalid).map(Some)
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    if media_type(headers, FORMS)? == "application/json" {
        return Ok(());
    }
    Err(unsupported("This Content-Type is not supported", FORMS))
}

async fn collect(body: Body) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("The request's body has more than {MAX_BODY} bytes.");
            Err(ApiError::new(Code::PayloadTooLarge, message))
        }
        Err(error) => {
            tracing::debug!(%error, "a body ended early");
            let message = "The body could not be read to its end.";
            Err(ApiError::new(Code::InvalidParameter, message).about("body"))
        }
    }
}

/// An object as it was written: a name that stands twice is there twice.
struct Object(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_strictly() {
        let read = |text: &str| Fields::parse(text.as_bytes(), &["name", "days"]);
        let mut fields = read(r#" {"name": "a", "days": null} "#).unwrap_or_else(|_| panic!());
        assert_eq!(fields.take("name"), Some("a".into()));
        assert_eq!(fields.take("name"), None);
        assert_eq!(fields.take("days"), None);
        for (text, code) in [
            (r#"{"nam": 1}"#, Code::UnknownParameter),
            (r#"{"name": 1, "name": 1}"#, Code::InvalidParameter),
            (r#"{"name": 1, "\u006eame": 1}"#, Code::InvalidParameter),
            ("[]", Code::InvalidParameter),
            ("", Code::InvalidParameter),
            ("{}{}", Code::InvalidParameter),
            ("null", Code::InvalidParameter),
            ("{\"name\": \"\u{0}\"}", Code::InvalidParameter),
        ] {
            assert_eq!(read(text).err().unwrap().code(), code, "{text}");
        }
        let deep = format!("{{\"name\": {}{}}}", "[".repeat(9_000), "]".repeat(9_000));
        assert_eq!(read(&deep).err().unwrap().code(), Code::InvalidParameter);
        let not_utf8 = Fields::parse(b"{\"name\": \"\xff\"}", &["name"]);
        assert_eq!(not_utf8.err().unwrap().code(), Code::InvalidParameter);
    }
}

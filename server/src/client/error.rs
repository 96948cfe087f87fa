//! Why a server was not asked, or did not answer.

use std::io;
use std::path::PathBuf;

use reqwest::StatusCode;
use serde_json::Value as Json;

use super::Address;

/// A server was not asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// That is no address of a server.
    #[error("{0:?} is no address of a server: expected one like http://127.0.0.1:8080")]
    Address(String),
    /// The key cannot be a key.
    #[error(
        "the API key has characters that no key has: look at IOCD_KEY or the file of --key-file"
    )]
    Key,
    /// Certificates cannot be read.
    #[error("{}: {problem}: expected certificates in PEM", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// No client could be made.
    #[error("no HTTP client could be made: {0}")]
    Setup(#[source] reqwest::Error),
    /// No runtime could be made.
    #[error("no runtime could be made: {0}")]
    Runtime(#[source] io::Error),
    /// The server cannot be reached, or went away.
    #[error("{server} does not answer: {}. Is `iocd serve` running there, and is the address right?", innermost(.source))]
    Unreachable {
        /// The server.
        server: String,
        /// What happened.
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("{server} said {status}{}: {message}{}", told(" ", .code), told(". ", .advice))]
    Refused {
        /// The server.
        server: String,
        /// The status.
        status: u16,
        /// `error.code`, where the answer had one.
        code: String,
        /// `error.message`, with the request's id for the operator's log.
        message: String,
        /// What to do.
        advice: &'static str,
    },
    /// The server said what no such server says.
    #[error(
        "{server} gave an answer that cannot be read: {what}. Is it an iocd server of this version?"
    )]
    Unexpected {
        /// The server.
        server: String,
        /// What is wrong.
        what: String,
    },
    /// What was to be read or written here could not be.
    #[error("what was given could not be read, or the answer not be written: {0}")]
    Stream(#[source] io::Error),
}

impl ClientError {
    /// What a refusal says, and what to do about it.
    pub(super) fn refused(server: &Address, status: StatusCode, body: &[u8]) -> ClientError {
        let body: Json = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        // What a server says may hold control characters: never to the terminal.
        let text = |key: &str| -> String {
            let text = error[key].as_str().unwrap_or_default();
            text.chars()
                .take(1_000)
                .filter(|c| !c.is_control())
                .collect()
        };
        let (code, message) = (text("code"), text("message"));
        let message = match message.trim_end_matches('.') {
            "" => "no reason was given",
            message => message,
        };
        let id = text("request_id");
        ClientError::Refused {
            server: server.to_string(),
            status: status.as_u16(),
            message: if id.is_empty() {
                message.to_owned()
            } else {
                format!("{message} ({id})")
            },
            advice: advice(status, &code),
            code,
        }
    }
}

fn advice(status: StatusCode, code: &str) -> &'static str {
    match code {
        "missing_api_key" | "invalid_api_key" | "expired_api_key" => {
            "Put a key of that server into IOCD_KEY, or into the file that --key-file names"
        }
        "tier_required" | "insufficient_scope" => "Ask the operator for a key that may",
        "rate_limit_exceeded" => "Try again later, or ask the operator for a key of a higher tier",
        "unavailable" | "timeout" => "Try again soon",
        "internal_error" => "Tell the operator the request's id",
        "" if status == StatusCode::NOT_FOUND || status.is_redirection() => {
            "Is this the address of an iocd server?"
        }
        _ => "",
    }
}

/// A part of a message, if there is anything to it.
fn told(separator: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{separator}{text}")
    }
}

/// The cause of all causes: "connection refused", and not "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_server_the_code_and_what_to_do() {
        let server: Address = "http://soc.example.com".parse().unwrap();
        let body = br#"{"error":{"code":"invalid_api_key","message":"The key is \u001b[31mbad.","request_id":"req_1"}}"#;
        let told = ClientError::refused(&server, StatusCode::UNAUTHORIZED, body).to_string();
        assert_eq!(
            told,
            "http://soc.example.com said 401 invalid_api_key: The key is [31mbad (req_1). Put a \
             key of that server into IOCD_KEY, or into the file that --key-file names"
        );
        let told = ClientError::refused(&server, StatusCode::NOT_FOUND, b"<html>").to_string();
        assert_eq!(
            told,
            "http://soc.example.com said 404: no reason was given. Is this the address of an iocd \
             server?"
        );
    }
}

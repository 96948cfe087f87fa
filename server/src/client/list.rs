//! A list, page by page.

use iocd_core::value::Kind;
use reqwest::Response;
use reqwest::header::LINK;
use serde_json::Value as Json;

use super::{Client, ClientError};
use crate::operation::ListFormat;

const PATH: &str = "/api/v1/iocs";

/// The newest entries, as many as wanted: the key's tier may give fewer at a
/// time.
pub(super) async fn list(
    client: &Client,
    kind: Option<Kind>,
    limit: u32,
    format: ListFormat,
) -> Result<String, ClientError> {
    let name = match format {
        ListFormat::Json => "json",
        ListFormat::Csv => "csv",
        ListFormat::Txt => "txt",
    };
    let first = [
        ("type", kind.map(Kind::as_str)),
        ("limit", Some(&*limit.to_string())),
        ("format", Some(name)),
    ];
    let mut target = client.address.target(PATH, &first);
    let mut list = List {
        format,
        wanted: limit as usize,
        entries: 0,
        total: 0,
        body: String::new(),
    };
    loop {
        let response = client.send(|| client.http.get(&target)).await?;
        let next = next_page(&response);
        let body = response
            .text()
            .await
            .map_err(|error| client.broken(error))?;
        list.take(&body)
            .map_err(|error| client.unexpected(&error.to_string()))?;
        match next {
            Some(next) if list.entries < list.wanted => target = client.address.target(&next, &[]),
            _ => return Ok(list.finish()),
        }
    }
}

/// Where the list goes on: a path with its query.
fn next_page(response: &Response) -> Option<String> {
    let links = response.headers().get_all(LINK).iter();
    let mut links = links.filter_map(|link| link.to_str().ok());
    links.find_map(|link| {
        let link = link.strip_suffix(">; rel=\"next\"")?.strip_prefix('<')?;
        link.starts_with(PATH).then(|| link.to_owned())
    })
}

/// Pages as one list, in the form that this program gives a list of its own.
struct List {
    format: ListFormat,
    wanted: usize,
    entries: usize,
    total: u64,
    body: String,
}

impl List {
    fn take(&mut self, page: &str) -> Result<(), serde_json::Error> {
        match self.format {
            ListFormat::Json => {
                let page: Json = serde_json::from_str(page)?;
                self.total = page["meta"]["total"].as_u64().unwrap_or_default();
                for entry in page["data"].as_array().into_iter().flatten() {
                    let comma = if self.entries > 0 { "," } else { "" };
                    self.take_text(&format!("{comma}{entry}"));
                }
            }
            ListFormat::Csv => {
                let mut lines = page.split_inclusive('\n');
                let header = lines.next().unwrap_or_default();
                if self.entries == 0 {
                    self.body.push_str(header);
                }
                // A cell may hold ends of lines, between quotation marks.
                let mut record = String::new();
                for line in lines {
                    record.push_str(line);
                    if record.matches('"').count().is_multiple_of(2) {
                        self.take_text(&record);
                        record.clear();
                    }
                }
            }
            ListFormat::Txt => page
                .split_inclusive('\n')
                .for_each(|line| self.take_text(line)),
        }
        Ok(())
    }

    fn take_text(&mut self, entry: &str) {
        if self.take_one() {
            self.body.push_str(entry);
        }
    }

    /// Counts an entry, and says whether it is still wanted.
    fn take_one(&mut self) -> bool {
        self.entries += 1;
        self.entries <= self.wanted
    }

    fn finish(self) -> String {
        match self.format {
            ListFormat::Json => {
                let (total, data) = (self.total, self.body);
                format!("{{\"meta\":{{\"total\":{total}}},\"data\":[{data}]}}")
            }
            ListFormat::Csv | ListFormat::Txt => self.body,
        }
    }
}

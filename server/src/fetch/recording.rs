//! What comes, kept as fixtures that a test can serve again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Answer, FetchError, Reply, Request, Web};

/// Header fields that are kept: what others hold may be secret.
const FIELDS: [&str; 8] = [
    "content-type",
    "date",
    "etag",
    "last-modified",
    "link",
    "retry-after",
    "x-taxii-date-added-first",
    "x-taxii-date-added-last",
];

/// Gets documents, and writes each answer into a file of a folder as it would
/// come over a connection: `NAME.http`, then `NAME-2.http` and so on.
pub struct Recorder<'a> {
    web: &'a dyn Web,
    dir: PathBuf,
    name: String,
    count: AtomicUsize,
}

impl<'a> Recorder<'a> {
    /// Records what `web` gets.
    pub fn new(web: &'a dyn Web, dir: &Path, name: &str) -> Recorder<'a> {
        Recorder {
            web,
            dir: dir.to_owned(),
            name: name.to_owned(),
            count: AtomicUsize::new(0),
        }
    }

    fn file(&self) -> io::Result<File> {
        fs::create_dir_all(&self.dir)?;
        let name = match self.count.fetch_add(1, Ordering::Relaxed) {
            0 => format!("{}.http", self.name),
            earlier => format!("{}-{}.http", self.name, earlier + 1),
        };
        File::create(self.dir.join(name))
    }

    fn write(&self, status: u16, reply: Option<&Reply>) -> io::Result<()> {
        let mut file = self.file()?;
        write!(file, "HTTP/1.1 {status}\r\n")?;
        for name in FIELDS {
            if let Some(value) = reply.and_then(|reply| reply.field(name)) {
                write!(file, "{name}: {value}\r\n")?;
            }
        }
        let length = reply.map_or(0, |reply| reply.body.length());
        write!(file, "content-length: {length}\r\n\r\n")?;
        if let Some(reply) = reply {
            io::copy(&mut reply.body.open()?, &mut file)?;
        }
        file.sync_all()
    }
}

impl Web for Recorder<'_> {
    fn get(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
        let answer = self.web.get(request);
        let written = match &answer {
            Ok(Answer::Document(reply)) => self.write(200, Some(reply)),
            Ok(Answer::NotModified) => self.write(304, None),
            Err(FetchError::Status { status, .. }) => self.write(*status, None),
            // There was no answer.
            Err(_) => Ok(()),
        };
        written.map_err(|source| FetchError::Spool {
            path: self.dir.clone(),
            source,
        })?;
        answer
    }
}

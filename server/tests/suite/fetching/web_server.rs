//! A server that answers as it is told, byte by byte.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// Header fields, names in lower case.
    pub(crate) fields: Vec<(String, String)>,
}

impl Asked {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    }
}

/// Answers a request on a connection, which is closed afterwards.
pub(crate) type Answer = dyn Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync;

/// A server on a free port of this machine.
pub(crate) struct WebServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<Arc<Answer>>>,
}

impl WebServer {
    pub(crate) fn start(
        answer: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> WebServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let answer: Arc<Mutex<Arc<Answer>>> = Arc::new(Mutex::new(Arc::new(answer)));
        let (heard, says) = (Arc::clone(&asked), Arc::clone(&answer));
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, says) = (Arc::clone(&heard), Arc::clone(&says));
                std::thread::spawn(move || {
                    // Whoever asks may go away at any time.
                    let _ = serve(stream, &heard, &says);
                });
            }
        });
        WebServer {
            address,
            asked,
            answer,
        }
    }

    /// A server that gives one text with status 200.
    pub(crate) fn giving(text: &'static str) -> WebServer {
        WebServer::start(move |_, stream| ok(stream, "text/plain", text.as_bytes()))
    }

    /// From now on it answers so.
    pub(crate) fn now(
        &self,
        answer: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn serve(
    mut stream: TcpStream,
    heard: &Mutex<Vec<Asked>>,
    says: &Mutex<Arc<Answer>>,
) -> io::Result<()> {
    let asked = read(&stream)?;
    heard.lock().unwrap().push(asked.clone());
    let answer = Arc::clone(&*says.lock().unwrap());
    answer(&asked, &mut stream)?;
    stream.flush()
}

/// Reads the head of a request.
pub(crate) fn read(stream: impl io::Read) -> io::Result<Asked> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut fields = Vec::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Asked { path, fields })
}

/// A whole answer.
pub(crate) fn write(
    stream: &mut impl io::Write,
    status: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\n")?;
    for (name, value) in fields {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(
        stream,
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

/// An answer that is as it should be.
pub(crate) fn ok(stream: &mut impl io::Write, media_type: &str, body: &[u8]) -> io::Result<()> {
    write(stream, "200 OK", &[("Content-Type", media_type)], body)
}

/// An answer without a body.
pub(crate) fn status(
    stream: &mut impl io::Write,
    status: &str,
    fields: &[(&str, &str)],
) -> io::Result<()> {
    write(stream, status, fields, b"")
}

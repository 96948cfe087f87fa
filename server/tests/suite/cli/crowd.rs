//! Many connections at once, most of them of no use.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Bench, Server};

const SILENT: usize = 4_250;
const HALF_HEADS: usize = 4_250;
const HALF_BODIES: usize = 500;
const BUSY: usize = 1_000;
const ALL: usize = SILENT + HALF_HEADS + HALF_BODIES + BUSY;

/// Whether this process may have so many files open, and those it starts.
fn may_open(files: u64) -> bool {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if maximum.is_some_and(|maximum| maximum < files) {
        println!("skipped: the hard limit of open files is below {files}");
        return false;
    }
    let raised = Rlimit {
        current: Some(files),
        maximum,
    };
    current.is_none_or(|current| current >= files) || setrlimit(Resource::Nofile, raised).is_ok()
}

/// A sample of `/metrics`.
fn sample(server: &Server, key: &str, name: &str) -> u64 {
    let (status, text) = server.ask("/metrics", key);
    assert_eq!(status, 200, "{text}");
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.expect("it is told").parse().unwrap()
}

fn connect(server: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// As many connections as there are to be, all open when it returns.
fn crowd(server: &Server, key: &str) -> Vec<TcpStream> {
    let head = format!("host: x\r\nx-api-key: {key}\r\n");
    let body = format!(
        "POST /api/v1/iocs/search HTTP/1.1\r\n{head}content-type: text/plain\r\n\
         content-length: 100\r\n\r\na.exam"
    );
    let half = format!("GET /api/v1/iocs HTTP/1.1\r\n{head}x-more: ");
    let search = format!("GET /api/v1/iocs/search?q=a.example.com HTTP/1.1\r\n{head}\r\n");
    let mut streams = Vec::with_capacity(ALL);
    for (count, text) in [(SILENT, ""), (HALF_HEADS, &half), (HALF_BODIES, &body)] {
        streams.extend((0..count).map(|_| connect(server, text)));
    }
    // The others are served all the while.
    for _ in 0..BUSY {
        let mut stream = connect(server, &search);
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        streams.push(stream);
    }
    streams
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    let most = u64::try_from(ALL).unwrap() + 1_000;
    if !may_open(most + 200) {
        return;
    }
    let bench = Bench::new();
    let mut serve = bench.command();
    serve
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("IOCD_MAX_CONNECTIONS", most.to_string())
        .env("IOCD_MAX_CONNECTIONS_PER_ADDRESS", most.to_string())
        .env("IOCD_MAX_REQUESTS_PER_KEY", most.to_string())
        .env("IOCD_HEADER_TIMEOUT_SECONDS", "600")
        .env("IOCD_REQUEST_TIMEOUT_SECONDS", "600")
        .stderr(Stdio::null());
    let server = Server::start(&mut serve);
    let scopes = "read:iocs,read:metrics";
    let key = bench.ok(&["key", "create", "--name", "a", "--scope", scopes]);
    let key = key.trim();
    let files = sample(&server, key, "process_open_fds");
    let streams = crowd(&server, key);
    let open = sample(&server, key, "iocd_connections_open");
    assert_eq!(open, u64::try_from(ALL).unwrap() + 1);
    let running = sample(&server, key, "iocd_http_requests_running");
    assert_eq!(running, u64::try_from(HALF_BODIES).unwrap() + 1);
    drop(streams);
    // A connection is counted until the last part of it has been freed.
    while sample(&server, key, "iocd_connections_open") > 1 {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(sample(&server, key, "iocd_http_requests_running"), 1);
    // The database opens one of its own now and then.
    let left = sample(&server, key, "process_open_fds");
    assert!(left < files + 10, "{files} files before, {left} after");
    assert_eq!(server.terminate(), Some(0));
}

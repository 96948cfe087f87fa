//! The binary, as people and scripts use it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

mod bench;
mod commands;
mod crowd;
mod exchange;
mod ingest;
mod normalize;
mod real;
mod remote;
mod rulings;
mod scan;
mod search_file;
mod secrets;
mod serve;
mod store;
mod trial;

/// A data directory and the binary at work on it.
pub(crate) struct Bench {
    dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Writes a file beside the data directory.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = self.program();
        command.arg("--data").arg(self.data());
        command
    }

    /// The binary, which is not told of the data directory.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iocd"));
        command.current_dir(self.dir.path());
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"IOCD_") {
                command.env_remove(name);
            }
        }
        // No test leaves this machine: feeds are fetched where it says so.
        command.env("IOCD_FETCH", "off");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Standard output as one JSON value a line.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Json> {
        self.ok(arguments)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The answer to `iocd search --json`.
    pub(crate) fn search(&self, value: &str) -> Json {
        self.json(&["search", "--json", "--", value]).remove(0)
    }

    pub(crate) fn total(&self, value: &str) -> u64 {
        self.search(value)["meta"]["total"].as_u64().unwrap()
    }

    /// A running server.
    pub(crate) fn serve(&self) -> Server {
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Server::start(command.stderr(Stdio::null()))
    }
}

/// `iocd serve`, ended with the test.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts a command that serves. What it logs is what the command says.
    pub(crate) fn start(command: &mut Command) -> Server {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .rsplit_once("://")
            .expect("it prints where it serves")
            .1
            .to_owned();
        Server { process, address }
    }

    /// Sends a request as written and gives status and body of the answer.
    pub(crate) fn ask(&self, target: &str, key: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
        (status, body)
    }

    /// Sends a text and gives what came before the server closed.
    pub(crate) fn send(&self, text: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // The server may reset the connection after its answer.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) -> bool {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}"))
            .arg(self.process.id().to_string());
        kill.status().unwrap().success()
    }

    /// Anonymous resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:"));
        let kib = line.unwrap().split_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() << 10
    }

    /// Ends it as an init system does, and gives its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        assert!(self.signal("TERM"));
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The folder of real feed files, if it is there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data")
        .join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: there is no ../shared/data beside the repository");
    None
}

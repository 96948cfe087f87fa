//! The handle of a server in a process of its own: see [`super::child`].

use std::io::{self, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::BenchError;
use super::child::{Read, Ready};
use super::machine::processor_time_of;
use super::stage::Stage;

/// A running server. Dropped, it is killed.
pub(super) struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub(super) ready: Ready,
}

impl Server {
    /// Starts this program as a server of the stage's data on a core.
    pub(super) fn start(stage: &Stage, core: usize) -> Result<Server, BenchError> {
        let io = || BenchError::io("starting a server");
        let program = std::env::current_exe().map_err(io())?;
        let mut process = Command::new(program)
            .args(["bench", "server", "--core"])
            .arg(core.to_string())
            .arg(stage.data())
            .arg(stage.feeds())
            .args(stage.quick.then_some("--quick"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(io())?;
        let input = process.stdin.take();
        let output = process.stdout.take().expect("it was piped");
        let mut server = Server {
            process,
            input,
            output: BufReader::new(output),
            // Until it says so.
            ready: Ready {
                address: ([127, 0, 0, 1], 0).into(),
                secret: String::new(),
                opening: 0.0,
                memory: 0,
                entries: 0,
            },
        };
        server.ready = server.hear()?;
        Ok(server)
    }

    /// Asks it to read a file; [`Server::hear_read`] waits for the end of it.
    pub(super) fn read_file(&mut self, path: &Path) -> Result<(), BenchError> {
        let input = self.input.as_mut().expect("open until it is stopped");
        writeln!(input, "{}", path.display()).map_err(BenchError::io("telling the server"))
    }

    /// Waits until a file was read and gives its rows.
    pub(super) fn hear_read(&mut self) -> Result<u64, BenchError> {
        self.hear().map(|read: Read| read.rows)
    }

    fn hear<T: DeserializeOwned>(&mut self) -> Result<T, BenchError> {
        hear(&mut self.output)
    }

    /// Its processor time so far.
    pub(super) fn processor_time(&self) -> Result<Duration, BenchError> {
        processor_time_of(self.process.id())
            .map_err(BenchError::io("the processor time of the server"))
    }

    /// Ends it in good order.
    pub(super) fn stop(mut self) -> Result<(), BenchError> {
        drop(self.input.take());
        let status = self
            .process
            .wait()
            .map_err(BenchError::io("stopping the server"))?;
        if status.success() {
            return Ok(());
        }
        Err(BenchError::Unexpected(format!(
            "the server ended with {status}"
        )))
    }

    /// Ends it as a power cut would, but for the disk's own cache.
    pub(super) fn kill(mut self) -> Result<(), BenchError> {
        let io = || BenchError::io("killing the server");
        self.process.kill().map_err(io())?;
        self.process.wait().map_err(io())?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn hear<T: DeserializeOwned>(output: &mut impl io::BufRead) -> Result<T, BenchError> {
    let mut line = String::new();
    output
        .read_line(&mut line)
        .map_err(BenchError::io("hearing from the server"))?;
    serde_json::from_str(&line).map_err(|_| {
        BenchError::Unexpected(
            "the server of this run ended early; what it said is above".to_owned(),
        )
    })
}

//! What the system says of processes: time, memory, cores.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// Time that passed, and time that a processor spent on this thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) wall: Duration,
    pub(super) processor: Duration,
}

impl Spent {
    /// Does something and adds what it took.
    pub(super) fn add<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (started, before) = (Instant::now(), processor_time());
        let result = work();
        self.wall += started.elapsed();
        self.processor += processor_time().saturating_sub(before);
        result
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).expect("below a second"),
    )
}

/// Processor time of all threads of another process.
pub(super) fn processor_time_of(process: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end between listing and reading it.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        let time = text.split(' ').next().and_then(|time| time.parse().ok());
        nanoseconds += time.unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Anonymous memory of this process that is resident, in bytes.
pub(super) fn anonymous_memory() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    line.and_then(|line| line.split_whitespace().nth(1))
        .and_then(|kib| kib.parse::<u64>().ok())
        .map(|kib| kib << 10)
        .ok_or_else(|| io::Error::other("/proc/self/status has no RssAnon"))
}

/// Bytes of all files of a directory that are on disk.
pub(super) fn disk_usage(directory: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let metadata = entry?.metadata()?;
        bytes += metadata.blocks() * 512;
    }
    Ok(bytes)
}

/// The cores that this process may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cores {
    all: CpuSet,
    /// For the server, or whatever is measured.
    pub(super) first: usize,
    /// For who asks; the same where there is only one.
    pub(super) last: usize,
}

impl Cores {
    pub(super) fn find() -> io::Result<Cores> {
        let all = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
        let first = cores.next().unwrap_or(0);
        let last = cores.next_back().unwrap_or(first);
        Ok(Cores { all, first, last })
    }

    /// Keeps this thread, and those that it starts, on one core until the
    /// guard is dropped.
    pub(super) fn pin(&self, core: usize) -> io::Result<Pinned> {
        pin(core)?;
        Ok(Pinned(self.all))
    }
}

/// Keeps this thread, and those that it starts, on one core.
pub(super) fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

/// While this lives, a thread stays on its core.
pub(super) struct Pinned(CpuSet);

impl Drop for Pinned {
    fn drop(&mut self) {
        // It was allowed before; figures that follow only lose their freedom.
        let _ = sched_setaffinity(None, &self.0);
    }
}

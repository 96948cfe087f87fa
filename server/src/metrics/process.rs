//! What the system says of this process, under the names that Prometheus's own
//! client libraries give it.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::{Exposition, Type};

/// Writes processor time, memory, open files and threads; what the system does
/// not tell is left out.
pub(crate) fn write_process(out: &mut Exposition) {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    out.single(
        "process_cpu_seconds_total",
        Type::Counter,
        "Processor time of the process.",
        Duration::new(time.tv_sec.unsigned_abs(), nanoseconds).as_secs_f64(),
    );
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kib) = number_of(&status, "VmRSS:") {
        out.single(
            "process_resident_memory_bytes",
            Type::Gauge,
            "Resident memory, mapped files too.",
            kib << 10,
        );
    }
    if let Some(kib) = number_of(&status, "RssAnon:") {
        out.single(
            "process_anonymous_memory_bytes",
            Type::Gauge,
            "Resident memory of the process alone.",
            kib << 10,
        );
    }
    if let Some(threads) = number_of(&status, "Threads:") {
        let help = "Threads of the process.";
        out.single("process_threads", Type::Gauge, help, threads);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let help = "Open files, connections too.";
        out.single("process_open_fds", Type::Gauge, help, files.count());
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        let help = "Open files that the system allows.";
        out.single("process_max_fds", Type::Gauge, help, most);
    }
}

/// The number in the line of this name.
fn number_of(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

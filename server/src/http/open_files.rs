//! Open files: every connection is one, and the system bounds them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no such connections: the log, the database, what listens,
/// those who ask for metrics or give commands.
const RESERVE: u64 = 96;

/// How many of the `wanted` connections the system lets this process have. Its
/// soft limit, on many systems 1,024, is raised for them as far as it may be:
/// a thousand idle connections must not keep the next client out.
pub(super) fn connections_allowed(wanted: usize) -> usize {
    let needed = (wanted as u64).saturating_add(RESERVE);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return wanted;
    }
    let raised = maximum.map_or(needed, |maximum| maximum.min(needed));
    let limit = Rlimit {
        current: Some(raised),
        maximum,
    };
    let granted = match setrlimit(Resource::Nofile, limit) {
        Ok(()) => raised,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            current.unwrap_or(raised)
        }
    };
    let allowed = usize::try_from(granted.saturating_sub(RESERVE))
        .unwrap_or(wanted)
        .clamp(1, wanted);
    if allowed < wanted {
        tracing::warn!(
            wanted,
            allowed,
            "the system's limit of open files bounds the connections"
        );
    }
    allowed
}

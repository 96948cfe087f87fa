//! The manifest of a backup: which files belong to it, and what they are.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::{BackupError, CLAIMS};

/// Its name.
pub(super) const FILE: &str = "manifest.json";
/// The version that this program writes and reads.
const VERSION: u32 = 1;
/// A manifest of a store as large as can be is far smaller.
const MAX_SIZE: u64 = 16 << 20;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) created_at: String,
    /// Entries, ended ones too.
    pub(super) entries: u64,
    pub(super) revision: u64,
    pub(super) files: Vec<Item>,
}

/// A file of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    /// Its path within the backup.
    pub(super) file: String,
    pub(super) bytes: u64,
    /// In hexadecimal.
    pub(super) blake3: String,
}

#[derive(Deserialize)]
struct Version {
    iocd_backup: u32,
}

impl Manifest {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut json = serde_json::json!({ "iocd_backup": VERSION });
        let body = serde_json::to_value(self).expect("a manifest is plain data");
        if let (Some(json), serde_json::Value::Object(body)) = (json.as_object_mut(), body) {
            json.extend(body);
        }
        let mut bytes = serde_json::to_vec_pretty(&json).expect("a manifest is plain data");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the manifest of the backup in `dir`.
    pub(super) fn read(dir: &Path) -> Result<Manifest, BackupError> {
        let path = dir.join(FILE);
        let wrong = |what: String| BackupError::Manifest {
            path: path.clone(),
            what,
        };
        let file = File::open(&path)
            .map_err(|error| wrong(format!("{error}: the directory holds no whole backup")))?;
        let mut bytes = Vec::new();
        file.take(MAX_SIZE)
            .read_to_end(&mut bytes)
            .map_err(BackupError::io(&path))?;
        let version: Version = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("it is no manifest of a backup: {error}")))?;
        if version.iocd_backup != VERSION {
            return Err(wrong(format!(
                "it has version {}, this program reads version {VERSION}",
                version.iocd_backup
            )));
        }
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("it is no manifest of a backup: {error}")))?;
        match manifest.files.iter().find(|item| !is_inside(&item.file)) {
            Some(item) => Err(wrong(format!("{:?} is no file of a backup", item.file))),
            None => Ok(manifest),
        }
    }
}

/// Whether a path is that of a file of the backup, and not one that leads out
/// of it.
fn is_inside(path: &str) -> bool {
    let name = path
        .strip_prefix(CLAIMS)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(path);
    let mut components = Path::new(name).components();
    matches!(components.next(), Some(Component::Normal(part)) if part == name)
        && components.next().is_none()
}

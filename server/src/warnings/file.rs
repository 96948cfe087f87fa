//! Lists in files, and folders of them.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use iocd_core::warning::{MAX_FILE, MAX_LISTS, WarningList};

use super::{TAKEN, WarningsError};

/// Levels of folders below the one that is named: a checkout of MISP's lists
/// has `lists/NAME/list.json`.
const MAX_DEPTH: usize = 2;

/// What MISP names every list's file; the folder has the name.
const MISP_FILE: &str = "list.json";

/// Lists as they are read.
#[derive(Default)]
pub(super) struct Files {
    lists: Vec<(WarningList, PathBuf)>,
    notices: Vec<String>,
}

impl Files {
    /// Reads a file, or all lists of a folder.
    pub(super) fn read(&mut self, path: &Path) -> Result<(), WarningsError> {
        let metadata = fs::metadata(path).map_err(|source| io(path, source))?;
        if !metadata.is_dir() {
            return self.read_file(path);
        }
        let mut paths = Vec::new();
        collect(path, 0, &mut paths)?;
        if paths.is_empty() {
            return Err(WarningsError::Folder {
                path: path.to_owned(),
                problem: "holds no .json file, nor do the folders in it".to_owned(),
            });
        }
        paths.iter().try_for_each(|path| self.read_file(path))
    }

    /// The file that a list of this name came from.
    pub(super) fn path_of(&self, name: &str) -> Option<&Path> {
        let mut lists = self.lists.iter();
        let (_, path) = lists.find(|(list, _)| list.name == name)?;
        Some(path)
    }

    /// The lists, and what an operator should hear of them.
    pub(super) fn into_lists(self) -> (Vec<WarningList>, Vec<String>) {
        let lists = self.lists.into_iter().map(|(list, _)| list).collect();
        (lists, self.notices)
    }

    fn read_file(&mut self, path: &Path) -> Result<(), WarningsError> {
        let name = name_of(path);
        let bytes = read_bytes(path).map_err(|source| io(path, source))?;
        let (list, refused) =
            WarningList::read_misp(&name, &bytes).map_err(|source| WarningsError::List {
                path: path.to_owned(),
                source,
            })?;
        let other = self.path_of(&name).map(Path::to_owned);
        if other.is_some() || TAKEN.contains(&&*name) {
            return Err(WarningsError::Name {
                path: path.to_owned(),
                name,
                other,
            });
        }
        if self.lists.len() >= MAX_LISTS {
            return Err(WarningsError::Folder {
                path: path.to_owned(),
                problem: format!("is one list more than the {MAX_LISTS} that are read"),
            });
        }
        if let Some(first) = refused.first.first() {
            self.notices.push(format!(
                "warning list {}: {} entries were read, {} could not be, as {:?}: {}",
                path.display(),
                list.entries(),
                refused.count,
                first.entry,
                first.reason
            ));
        }
        self.lists.push((list, path.to_owned()));
        Ok(())
    }
}

fn io(path: &Path, source: std::io::Error) -> WarningsError {
    WarningsError::Io {
        path: path.to_owned(),
        source,
    }
}

/// One byte more than a list may have is enough to see that it is too large.
fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The folder's name for MISP's `list.json`, else the file's without its
/// ending.
fn name_of(path: &Path) -> String {
    let named = if path.file_name().is_some_and(|name| name == MISP_FILE) {
        path.parent().and_then(Path::file_name)
    } else {
        path.file_stem()
    };
    named
        .or(path.file_name())
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The `.json` files of a folder and of those in it, in the order of their
/// names. Hidden ones are passed over.
fn collect(dir: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), WarningsError> {
    let entries = fs::read_dir(dir)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .map_err(|source| io(dir, source))?;
    let mut found: Vec<PathBuf> = entries
        .iter()
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(fs::DirEntry::path)
        .collect();
    found.sort();
    for path in found {
        if path.is_dir() {
            if depth < MAX_DEPTH {
                collect(&path, depth + 1, paths)?;
            }
        } else if path.extension().is_some_and(|ending| ending == "json") {
            paths.push(path);
        }
    }
    Ok(())
}

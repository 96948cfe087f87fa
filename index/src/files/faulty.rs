//! A disk for tests: what is written lies in real files, as in a page cache,
//! and beside them it is kept what of it a power cut would leave. Every call
//! that changes something has a number, at which it can be made to fail, or
//! the power to go.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, Files, OpenFile, Opening};

mod platter;

use platter::{Change, Inode, Random, Rename};

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails with an I/O error. Of a write, some is written; of a sync,
    /// what it should have made durable may be lost for good.
    Error,
    /// From there on there is no space for anything new.
    Full,
    /// The power goes: this call and all later ones fail.
    PowerCut,
}

/// One directory's files with a fault to come.
#[derive(Clone, Debug)]
pub(crate) struct Faulty(Arc<Mutex<Simulation>>);

#[derive(Debug)]
struct Simulation {
    calls: u64,
    fault: Option<(u64, Fault)>,
    random: Random,
    inodes: Vec<Inode>,
    /// Names as programs see them, and as they are on the disk.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<Rename>,
}

impl Faulty {
    /// The disk on which the files of `dir` are, all of them durable. `seed`
    /// decides what of unsynced changes a power cut leaves: 0 none, 1 all.
    pub(crate) fn new(dir: &Path, seed: u64, fault: Option<(u64, Fault)>) -> Faulty {
        let mut inodes = Vec::new();
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            names.insert(entry.file_name().into_string().unwrap(), inodes.len());
            inodes.push(Inode::durable(fs::read(entry.path()).unwrap()));
        }
        Faulty(Arc::new(Mutex::new(Simulation {
            calls: 0,
            fault,
            random: Random::new(seed),
            inodes,
            durable_names: names.clone(),
            names,
            unsynced_names: Vec::new(),
        })))
    }

    /// Calls so far.
    pub(crate) fn calls(&self) -> u64 {
        self.0.lock().calls
    }

    /// There is space again, and errors are over.
    pub(crate) fn mend(&self) {
        self.0.lock().fault = None;
    }

    /// Writes into `dir` what the disk has after the power went.
    pub(crate) fn cut_power(&self, dir: &Path) {
        let mut simulation = self.0.lock();
        let Simulation {
            inodes,
            durable_names,
            unsynced_names,
            random,
            ..
        } = &mut *simulation;
        let mut names = durable_names.clone();
        for rename in unsynced_names.drain(..) {
            if random.keeps() {
                rename.apply(&mut names);
            }
        }
        for (name, inode) in names {
            fs::write(dir.join(name), inodes[inode].after_power_cut(random)).unwrap();
        }
    }
}

impl Simulation {
    /// Counts a call, and says which fault it meets.
    fn call(&mut self, takes_space: bool) -> Option<Fault> {
        self.calls += 1;
        let (at, fault) = self.fault?;
        match fault {
            Fault::Error => (self.calls == at).then_some(fault),
            Fault::Full => (self.calls >= at && takes_space).then_some(fault),
            Fault::PowerCut => (self.calls >= at).then_some(fault),
        }
    }

    fn change(&mut self, inode: usize, change: Change) {
        self.inodes[inode].unsynced.push(change);
    }

    fn rename(&mut self, rename: Rename) {
        rename.apply(&mut self.names);
        self.unsynced_names.push(rename);
    }
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Fault::Full => ErrorKind::StorageFull.into(),
            Fault::Error | Fault::PowerCut => io::Error::from_raw_os_error(5),
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

impl Files for Faulty {
    fn open(&self, path: &Path, opening: Opening) -> io::Result<Box<dyn OpenFile>> {
        let mut simulation = self.0.lock();
        if opening == Opening::New
            && let Some(fault) = simulation.call(true)
        {
            return Err(fault.error());
        }
        let file = Disk.open(path, opening)?;
        let known = simulation.names.get(&name(path)).copied();
        let inode = known.unwrap_or(simulation.inodes.len());
        if known.is_none() {
            simulation.inodes.push(Inode::durable(Vec::new()));
            simulation.rename(Rename::Made(name(path), inode));
        } else if opening == Opening::New {
            simulation.change(inode, Change::Length(0));
        }
        Ok(Box::new(FaultyFile {
            disk: Arc::clone(&self.0),
            inode,
            file: file.file().try_clone()?,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut simulation = self.0.lock();
        if let Some(fault) = simulation.call(false) {
            return Err(fault.error());
        }
        simulation.rename(Rename::Renamed(name(from), name(to)));
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut simulation = self.0.lock();
        if let Some(fault) = simulation.call(false) {
            return Err(fault.error());
        }
        simulation.rename(Rename::Removed(name(path)));
        Disk.remove(path)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        let mut simulation = self.0.lock();
        if let Some(fault) = simulation.call(false) {
            return Err(fault.error());
        }
        simulation.unsynced_names.clear();
        simulation.durable_names = simulation.names.clone();
        Ok(())
    }
}

/// An open file of such a disk.
struct FaultyFile {
    disk: Arc<Mutex<Simulation>>,
    inode: usize,
    file: File,
}

impl OpenFile for FaultyFile {
    fn file(&self) -> &File {
        &self.file
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut simulation = self.disk.lock();
        let fault = simulation.call(true);
        let written = match fault {
            None => bytes.len(),
            Some(_) => simulation.random.below(bytes.len() + 1),
        };
        let bytes = &bytes[..written];
        OpenFile::write_at(&self.file, bytes, offset)?;
        simulation.change(self.inode, Change::Bytes(offset, bytes.to_vec()));
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut simulation = self.disk.lock();
        if let Some(fault) = simulation.call(false) {
            return Err(fault.error());
        }
        simulation.change(self.inode, Change::Length(len));
        OpenFile::set_len(&self.file, len)
    }

    fn sync(&self) -> io::Result<()> {
        let mut simulation = self.disk.lock();
        match simulation.call(false) {
            None => {
                simulation.inodes[self.inode].sync();
                Ok(())
            }
            Some(Fault::PowerCut) => Err(Fault::PowerCut.error()),
            Some(fault) => {
                let Simulation { inodes, random, .. } = &mut *simulation;
                inodes[self.inode].fail_to_sync(random);
                Err(fault.error())
            }
        }
    }
}

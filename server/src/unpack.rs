//! Files as they come: plain, gzip, or zip, told apart by their content.

use std::io::{self, BufRead, BufReader, Read, Seek};

use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;

/// Bytes that one file may unpack to: more is taken for a bomb.
pub const MAX_UNPACKED: u64 = 8 << 30;
/// Files read from one archive.
const MAX_MEMBERS: usize = 1000;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// One document out of a file, with the name to know it by.
pub struct Document<'a> {
    /// The file's name; of a member of an archive, `archive/member`.
    pub name: String,
    /// The unpacked bytes.
    pub input: &'a mut dyn BufRead,
}

/// Gives each document in the file called `name` to `visit`: one, unless it is
/// an archive. An error that the visitor gives ends the walk.
///
/// # Errors
/// The file cannot be read, or does not unpack within [`MAX_UNPACKED`] bytes.
pub fn unpack<E: From<io::Error>>(
    name: &str,
    file: impl Read + Seek,
    visit: &mut dyn FnMut(Document<'_>) -> Result<(), E>,
) -> Result<(), E> {
    unpack_within(MAX_UNPACKED, name, file, visit)
}

/// [`unpack`] of a file whose documents may have `most` bytes each.
pub fn unpack_within<E: From<io::Error>>(
    most: u64,
    name: &str,
    file: impl Read + Seek,
    visit: &mut dyn FnMut(Document<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let head = file.fill_buf()?;
    if head.starts_with(&GZIP) {
        let bounded = Bounded::new(MultiGzDecoder::new(file), most);
        let mut input = BufReader::with_capacity(1 << 16, bounded);
        let name = name.strip_suffix(".gz").unwrap_or(name).to_owned();
        return visit(Document {
            name,
            input: &mut input,
        });
    }
    if head.starts_with(&ZIP) {
        file.rewind()?;
        return unpack_zip(most, name, file, visit);
    }
    visit(Document {
        name: name.to_owned(),
        input: &mut file,
    })
}

fn unpack_zip<E: From<io::Error>>(
    most: u64,
    name: &str,
    file: impl Read + Seek,
    visit: &mut dyn FnMut(Document<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let bad = |error: zip::result::ZipError| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut archive = ZipArchive::new(file).map_err(bad)?;
    if archive.len() > MAX_MEMBERS {
        let what = format!(
            "the archive has {} members, more than {MAX_MEMBERS}",
            archive.len()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, what).into());
    }
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(bad)?;
        if !member.is_file() {
            continue;
        }
        let member_name = member.name().map_err(bad)?.into_owned();
        let mut input = BufReader::with_capacity(1 << 16, Bounded::new(member, most));
        visit(Document {
            name: format!("{name}/{member_name}"),
            input: &mut input,
        })?;
    }
    Ok(())
}

/// A reader that fails, rather than ends, past so many bytes.
struct Bounded<R> {
    inner: R,
    most: u64,
    left: u64,
}

impl<R> Bounded<R> {
    fn new(inner: R, most: u64) -> Bounded<R> {
        Bounded {
            inner,
            most,
            left: most,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it unpacks to more than {} bytes", self.most),
            )
        })?;
        Ok(read)
    }
}

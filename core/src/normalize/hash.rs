//! File hashes, with the name of their algorithm or of the file.

use super::draft::Draft;
use super::{Reading, change, trim};
use crate::value::{Kind, Reason, canonical, hash};

pub(super) fn read(kind: Kind, text: &str, draft: Draft) -> Result<Reading, Reason> {
    let reason = match canonical(kind, text) {
        Ok(digest) => return draft.finish(kind, text, digest),
        Err(reason) => reason,
    };
    let mut draft = draft;
    let bare = match text.rsplit_once('|') {
        Some((name, digest)) => {
            draft.file_name = Some(trim::trim(name).to_owned()).filter(|name| !name.is_empty());
            draft.note(change::PART_OF_COMPOSITE);
            trim::trim(digest)
        }
        None => text,
    };
    let bare = if draft.lenience.refangs() {
        trim::unwrap(bare, &mut draft)
    } else {
        bare
    };
    let digest = strip_algorithm(kind, bare, &mut draft)?;
    let digest = if draft.lenience.is_question() {
        strip_file(digest, &mut draft)
    } else {
        digest
    };
    draft.parse(kind, digest).map_err(|inner| {
        if inner == Reason::HashLength {
            inner
        } else {
            reason
        }
    })
}

/// `sha256:…`, `MD5=…`, `SHA-1 …`.
fn strip_algorithm<'a>(kind: Kind, text: &'a str, draft: &mut Draft) -> Result<&'a str, Reason> {
    let Some(end) = text.find([':', '=', ' ', '\t', '(']) else {
        return Ok(text);
    };
    let mut name = [0; 12];
    let mut length = 0;
    for b in text[..end].bytes().filter(|b| !matches!(b, b'-' | b'_')) {
        let Some(place) = name.get_mut(length) else {
            return Ok(text);
        };
        *place = b.to_ascii_lowercase();
        length += 1;
    }
    match &name[..length] {
        b"imphash" | b"ssdeep" | b"tlsh" | b"ja3" | b"ja3s" | b"ja4" | b"jarm" | b"vhash"
        | b"authentihash" | b"pehash" | b"richpehash" | b"telfhash" | b"dhash" | b"sdhash" => {
            return Err(Reason::NotFileHash);
        }
        b"md5" if kind == Kind::Md5 => {}
        b"sha1" if kind == Kind::Sha1 => {}
        b"sha256" if kind == Kind::Sha256 => {}
        b"sha512" if kind == Kind::Sha512 => {}
        b"hash" | b"filehash" => {}
        b"md5" | b"sha1" | b"sha256" | b"sha512" => return Err(Reason::HashLength),
        _ => return Ok(text),
    }
    draft.note(change::PREFIX_REMOVED);
    let mut rest = trim::trim(&text[end..]);
    // `MD5 (setup.bin) = …`
    if let Some((file, digest)) = rest
        .strip_prefix('(')
        .and_then(|rest| rest.rsplit_once(')'))
    {
        draft.file_name = Some(file.to_owned());
        rest = digest;
    }
    let rest = rest.trim_start_matches([':', '=', ' ', '\t']);
    Ok(trim::unwrap(rest, draft))
}

/// `digest  file`, as `sha256sum` writes it.
fn strip_file<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    let Some((digest, file)) = text.split_once([' ', '\t']) else {
        return text;
    };
    if hash::kind_of_length(digest.len()).is_none() {
        return text;
    }
    let file = file.trim_start_matches([' ', '\t', '*']);
    draft.file_name = Some(file.to_owned()).filter(|file| !file.is_empty());
    draft.note(change::PART_OF_COMPOSITE);
    digest
}

//! Documents that are far larger than they look.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::misbehaving::{ends_in, meets, says};
use super::web_server::{WebServer, ok, write};
use super::{Fetched, LIST};

/// So many bytes of blank lines, packed.
fn packed(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let blank = vec![b'\n'; 1 << 20];
    for _ in 0..bytes >> 20 {
        encoder.write_all(&blank).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn content_that_unpacks_to_more_than_it_may() {
    let bomb = packed(64 << 20);
    let gzip = [("Content-Encoding", "gzip")];
    let sent = bomb.clone();
    let message = meets("suspicious", move |_, stream| {
        write(stream, "200 OK", &gzip, &sent)
    });
    says(&message, &["larger than 1000000 bytes", "max_size"]);
    // A feed that may be large is still no bomb.
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "max_size = \"2g\"");
    fetched.run();
    fetched
        .server
        .now(move |_, stream| write(stream, "200 OK", &gzip, &bomb));
    says(&ends_in(&fetched, "suspicious"), &["bomb"]);
}

#[test]
fn files_that_unpack_to_more_than_they_may() {
    let gzip = packed(64 << 20);
    let message = meets("suspicious", move |_, stream| {
        ok(stream, "application/gzip", &gzip)
    });
    says(&message, &["unpacks to more than 1000000 bytes"]);
    let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("list.txt", options).unwrap();
    for _ in 0..64 {
        archive.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    }
    let archive = archive.finish().unwrap().into_inner();
    let message = meets("suspicious", move |_, stream| {
        ok(stream, "application/zip", &archive)
    });
    says(&message, &["unpacks to more than 1000000 bytes"]);
}

#[test]
fn coding_that_is_broken_or_was_not_asked_for() {
    for (coding, body, part) in [
        ("br", LIST.as_bytes(), "not asked for"),
        ("gzip, gzip", LIST.as_bytes(), "not asked for"),
        ("gzip", LIST.as_bytes(), "cannot be unpacked"),
        ("zstd", LIST.as_bytes(), "cannot be unpacked"),
        ("deflate", LIST.as_bytes(), "cannot be unpacked"),
    ] {
        let message = meets("suspicious", move |_, stream| {
            write(stream, "200 OK", &[("Content-Encoding", coding)], body)
        });
        says(&message, &[part]);
    }
    let mut cut = packed(1 << 20);
    cut.truncate(cut.len() / 2);
    let message = meets("suspicious", move |_, stream| {
        write(stream, "200 OK", &[("Content-Encoding", "gzip")], &cut)
    });
    says(&message, &["cannot be unpacked"]);
}

#[test]
fn packed_lists_are_read() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(LIST.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let zstd = zstd::encode_all(LIST.as_bytes(), 1).unwrap();
    let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("list.txt", options).unwrap();
    archive.write_all(LIST.as_bytes()).unwrap();
    let zip = archive.finish().unwrap().into_inner();
    let as_file: &[(&str, &str)] = &[];
    for (fields, body) in [
        (&[("Content-Encoding", "gzip")][..], gzip.clone()),
        (&[("Content-Encoding", "zstd")][..], zstd),
        (as_file, gzip),
        (as_file, zip),
    ] {
        let fields = fields.to_vec();
        let fetched = Fetched::from(move |_, stream| write(stream, "200 OK", &fields, &body));
        let run = fetched.run();
        assert_eq!(run["outcome"], "read", "{run}");
        assert_eq!(fetched.active().len(), 3);
    }
}

#[test]
fn an_archive_of_several_lists_is_none() {
    let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["one.txt", "two.txt"] {
        archive.start_file(name, options).unwrap();
        archive.write_all(LIST.as_bytes()).unwrap();
    }
    let archive = archive.finish().unwrap().into_inner();
    let message = meets("suspicious", move |_, stream| {
        ok(stream, "application/zip", &archive)
    });
    says(&message, &["several documents"]);
}

#[test]
fn two_gigabytes_are_not_taken_and_memory_stays_flat() {
    const TWO_GIGABYTES: u64 = 2 << 30;
    let fetched = Fetched::of(WebServer::giving(LIST), "/list.txt", "max_size = \"8m\"");
    let mut serve = fetched.bench.command();
    serve.args(["--feeds", "feeds", "serve", "--listen", "127.0.0.1:0"]);
    let server = crate::cli::Server::start(serve.stderr(std::process::Stdio::null()));
    fetched.run();
    let before = server.memory();
    let piece = "203.0.113.9\n".repeat(4096);
    for head in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {TWO_GIGABYTES}\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(),
    ] {
        let piece = piece.clone();
        fetched.server.now(move |_, stream| {
            stream.write_all(head.as_bytes())?;
            for _ in 0..TWO_GIGABYTES / piece.len() as u64 {
                stream.write_all(piece.as_bytes())?;
            }
            Ok(())
        });
        says(
            &ends_in(&fetched, "suspicious"),
            &["larger than 8388608 bytes"],
        );
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more than before");
}

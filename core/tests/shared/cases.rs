//! The shared table of cases, where it is checked out beside the repository.

/// The table's text; `None`, with a word on standard output, where it is not.
pub(crate) fn shared_cases() -> Option<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/normalization/cases.tsv"
    );
    #[allow(clippy::disallowed_methods)] // the crate does no I/O, this test reads one file
    let cases = std::fs::read_to_string(path).ok();
    if cases.is_none() {
        println!("skipped: ../shared/data/normalization/cases.tsv is not here");
    }
    cases
}

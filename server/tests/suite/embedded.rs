//! The embedded store, through the same suite as the model.

use iocd::store::embedded::Embedded;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::histories::{agree, block_on, histories};
use crate::model::Model;

/// A fresh store, and the directory that goes with it.
pub(crate) fn open() -> (Embedded, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Embedded::open(directory.path()).unwrap(), directory)
}

proptest! {
    #![proptest_config(crate::histories::cases(32))]

    #[test]
    fn random_histories_agree_with_the_model(history in histories(40)) {
        let (embedded, _directory) = open();
        block_on(agree(&Model::default(), &embedded, &history));
    }
}

//! docs/check.md has each finding.

use std::{fs, path::Path};

/// The findings in a source file: the third argument of an answer, if it is written there.
fn findings(source: &str) -> Vec<&str> {
    let answers = ["Answer::pass(", "Answer::fail(", "Answer::unknown("];
    let calls = answers.iter().flat_map(|start| source.split(start).skip(1));
    let written = calls.filter_map(|call| {
        let (_question, rest) = call.split_once(',')?;
        rest.trim_start().strip_prefix('"')?.split_once('"')
    });
    written.map(|(finding, _)| finding).collect()
}

#[test]
fn each_finding_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/check.md")).expect("the document");
    let folder = fs::read_dir(root.join("crates/client/src/check/questions")).expect("the questions");
    let mut count = 0;
    for file in folder.map(|entry| entry.expect("an entry").path()) {
        let source = fs::read_to_string(&file).expect("a source file");
        for finding in findings(&source) {
            assert!(document.contains(&format!("`{finding}`")), "{finding} of {}", file.display());
            count += 1;
        }
    }
    assert!(count > 50, "{count} findings");
}

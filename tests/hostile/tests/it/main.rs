//! The attacks at a size for every run of the tests; `cargo xtask soak helper` runs them at full
//! size, and bounds what honest pages wait, which means nothing on a machine that does other things.

use std::process::Command;

#[test]
fn honest_pages_are_served_under_attack() {
    let sizes = ["--inputs", "5000", "--connections", "700", "--megabytes", "4"];
    let output = Command::new(env!("CARGO_BIN_EXE_hostile-helper")).args(sizes).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    // Six of the parsers, and six of each attack.
    let figures = said.lines().filter(|line| line.split('\t').count() == 3).count();
    assert_eq!(figures, 6 + 6 * 6, "{said}");
}

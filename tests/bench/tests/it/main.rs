//! The measurement itself works. How fast anything is, is not asserted: machines differ.

use std::process::{Command, Stdio};

#[test]
fn every_figure_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_cardwright-bench"))
        .args(["encode", "--pairs", "1", "--quick-pairs", "1", "--delay", "1"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<Vec<&str>> = output
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let units: Vec<(&str, &str)> =
        figures.iter().map(|figure| (figure[0], figure[figure.len() - 1])).collect();
    assert_eq!(
        units,
        [
            ("encode.commands", "commands"),
            ("encode.vs_yubico_piv_tool", "ratio"),
            ("encode.vs_opensc", "ratio"),
            ("encode.vs_bare", "ratio"),
            ("encode.vs_yubico_piv_tool_1ms", "ratio"),
            ("encode.vs_opensc_1ms", "ratio"),
            ("encode.vs_bare_1ms", "ratio"),
            ("encode.four_readers_vs_one_1ms", "ratio"),
        ]
    );
    for figure in figures {
        let value: f64 = figure[1].parse().unwrap();
        assert!(figure.len() == 3 && value > 0.0, "{figure:?}");
    }
}

#[test]
fn every_figure_of_an_audit_log_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_cardwright-bench"))
        .args(["audit", "--events", "60", "--rounds", "1"])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<Vec<&str>> = output
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    for (name, unit) in [
        ("audit.append_to_many", "ms"),
        ("audit.search_last_page", "ms"),
        ("audit.search_no_text", "ms"),
        ("audit.export", "s"),
        ("audit.export_memory", "KiB"),
        ("audit.verify_export_memory", "KiB"),
        ("audit.verify_log", "s"),
    ] {
        let is_there = |figure: &&Vec<&str>| figure[0] == name && figure[2] == unit;
        let figure = figures.iter().find(is_there).expect(name);
        let value: f64 = figure[1].parse().unwrap();
        assert!(value > 0.0, "{figure:?}");
    }
}

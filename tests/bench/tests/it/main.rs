//! The measurement itself works. How fast anything is, is not asserted: machines differ.

use std::process::{Command, Stdio};

/// What a measurement prints: name, value and unit of each figure.
fn figures(arguments: &[&str]) -> Vec<Vec<String>> {
    let output = Command::new(env!("CARGO_BIN_EXE_cardwright-bench"))
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn every_figure_is_printed() {
    let figures = figures(&["encode", "--pairs", "1", "--quick-pairs", "1", "--delay", "1"]);
    let units: Vec<(&str, &str)> =
        figures.iter().map(|figure| (&*figure[0], &*figure[figure.len() - 1])).collect();
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
    let figures = figures(&["audit", "--events", "60", "--rounds", "1"]);
    for (name, unit) in [
        ("audit.append_to_many", "ms"),
        ("audit.search_last_page", "ms"),
        ("audit.search_no_text", "ms"),
        ("audit.export", "s"),
        ("audit.export_memory", "KiB"),
        ("audit.verify_export_memory", "KiB"),
        ("audit.verify_log", "s"),
    ] {
        let is_there = |figure: &&Vec<String>| figure[0] == name && figure[2] == unit;
        let figure = figures.iter().find(is_there).expect(name);
        let value: f64 = figure[1].parse().unwrap();
        assert!(value > 0.0, "{figure:?}");
    }
}

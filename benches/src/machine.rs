//! Where it ran.

use std::fs;
use std::process::Command;

/// The versions that were really compiled.
const LOCKED: &str = include_str!("../../Cargo.lock");

/// One line: processor, compiler, versions.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {cores} cores, {}; {}; send-none {}, tokio {}",
        processor(),
        std::env::consts::OS,
        compiler(),
        version("send-none"),
        version("tokio"),
    )
}

fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = about
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']));
    name.unwrap_or(std::env::consts::ARCH).to_owned()
}

/// The compiler of this folder, which is the one that cargo took.
fn compiler() -> String {
    let asked = Command::new("rustc")
        .arg("--version")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let answer = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    answer.unwrap_or_else(|_| "rustc of unknown version".to_owned())
}

fn version(package: &str) -> &'static str {
    let entry = format!("name = \"{package}\"\nversion = \"");
    LOCKED
        .split_once(&entry)
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("?", |(version, _)| version)
}

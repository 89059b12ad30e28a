//! Sees to it that the folder of the built interface exists, because what embeds it must find it, and that a release is
//! built again when the interface changed. Other builds read it from the disk while they run.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let built = Path::new("../../../ui/dist");
    if let Err(error) = std::fs::create_dir_all(built) {
        println!("cargo:warning=cannot create {}: {error}", built.display());
    }
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed={}", built.display());
    }
}

//! Prepares what the shell embeds. Every command needs a permission, so that a window without a capability can call none.

fn main() {
    // The interface is embedded when this package compiles.
    println!("cargo::rerun-if-changed=../ui/dist");
    let commands = &["command", "subscribe", "pick_folder", "open_editor", "older_events", "save_text"];
    let manifest = tauri_build::AppManifest::new().commands(commands);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        println!("cargo::error={error:#}");
    }
}

//! The TypeScript types of `ui/src/bindings/protocol.ts` against the Rust types of `protocol` that they are made from.
//!
//! `cargo xtask bindings` writes the file; without `COMMONPLACE_BINDINGS=write` this test only compares.

use std::collections::BTreeMap;
use std::path::Path;
use ts_rs::{Config, TS, TypeVisitor};

const HEAD: &str = "// What crosses the boundary between the interface and the host, in TypeScript.\n\
    // Made from the Rust types of `protocol` by `cargo xtask bindings`; never edited.\n";

/// Declarations by name, of the types that were asked for and of all that they mention.
struct Declarations {
    config: Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let name = T::ident(&self.config);
        // Types without a file of their own (`number`, `Array`) have no declaration.
        if T::output_path().is_none() || self.found.contains_key(&name) {
            return;
        }
        let text = format!("{}export {}\n", T::docs().unwrap_or_default(), T::decl(&self.config));
        self.found.insert(name, text);
        T::visit_dependencies(self);
    }
}

/// The whole file: every type that the window or the page sends or receives.
fn made() -> String {
    let config = Config::new().with_large_int("number");
    let mut all = Declarations { config, found: BTreeMap::new() };
    all.visit::<protocol::panel::Command>();
    all.visit::<protocol::panel::Message>();
    all.visit::<protocol::guest::Hello>();
    all.visit::<protocol::guest::Join>();
    all.visit::<protocol::guest::Joined>();
    all.visit::<protocol::guest::Ask>();
    all.visit::<protocol::guest::Knocked>();
    all.visit::<protocol::guest::Ticket>();
    all.visit::<protocol::guest::FileList>();
    all.visit::<protocol::guest::FileNews>();
    all.visit::<protocol::Notice>();
    all.visit::<protocol::VersionList>();
    all.visit::<protocol::version::Restore>();
    all.visit::<protocol::session::Request>();
    all.visit::<protocol::session::Response>();
    all.visit::<protocol::ErrorBody>();
    let declarations: Vec<String> = all.found.into_values().collect();
    format!("{HEAD}\n{}", declarations.join("\n"))
}

#[test]
fn setup_20_the_bindings_are_those_of_the_rust_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/bindings/protocol.ts");
    let made = made();
    if std::env::var_os("COMMONPLACE_BINDINGS").is_some_and(|value| value == "write") {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "ui/src/bindings/protocol.ts is stale; run: cargo xtask bindings");
}

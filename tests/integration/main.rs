//! The system from the outside: sockets, files and SQLite are real. Rules about one crate alone are proved beside it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod closes;
mod contents_recorded;
mod contents_written;
mod events;
mod failing_store;
mod files_content;
mod files_faults;
mod files_huge;
mod files_identity;
mod files_live;
mod files_seen;
mod forks;
mod import;
mod lab;
mod lan;
mod library;
mod links;
mod options;
mod outside;
mod outside_any;
mod outside_paths;
mod pages;
mod people;
mod program;
mod released;
mod rest;
mod roles;
mod secrets;
mod session;
mod store_growth;
mod sync;
mod versions;
mod views;
mod wake;

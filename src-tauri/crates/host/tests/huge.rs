//! How much of a huge folder is read, as seen from outside: the system tells of each opening of a folder.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod support;

use host::Bound;
use protocol::panel::{Interface, InterfaceKind};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, HashMap};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use support::{Peer, Place, guest, owner, patiently};

/// Tells which folders were opened.
struct Openings {
    inotify: OwnedFd,
    names: HashMap<i32, String>,
}

impl Openings {
    fn of(root: &Path, folders: &[String]) -> Self {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        let watch =
            |name: &String| (inotify::add_watch(&inotify, root.join(name), WatchFlags::OPEN).unwrap(), name.clone());
        let names = folders.iter().map(watch).collect();
        Self { inotify, names }
    }

    /// How often each was opened since this was asked last.
    fn take(&self) -> BTreeMap<&str, usize> {
        let mut buffer = [MaybeUninit::uninit(); 64 * 1024];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut found = BTreeMap::new();
        loop {
            match reader.next() {
                Ok(event) => {
                    assert!(!event.events().contains(ReadFlags::QUEUE_OVERFLOW), "some were not told");
                    // What has a name was opened in it: a file, or a folder that tells so itself.
                    if event.file_name().is_none() {
                        *found.entry(self.names[&event.wd()].as_str()).or_default() += 1;
                    }
                }
                Err(Errno::AGAIN) => return found,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Notifications that this process has asked for.
fn watches() -> usize {
    let infos = std::fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let infos = infos.filter_map(|info| std::fs::read_to_string(info.path()).ok());
    infos.map(|info| info.lines().filter(|line| line.starts_with("inotify ")).count()).sum()
}

#[test]
fn file_94_of_a_huge_folder_each_folder_is_read_a_few_times_and_sharing_it_reads_none() {
    let place = Place::new(&[("notes.md", "one\n"), ("data/7/notes.md", "two\n")]);
    let root = place.folder();
    let mut folders = vec![String::new(), "data".to_owned(), "node_modules".to_owned()];
    for (parent, count) in [("data", 1_000), ("node_modules", 100)] {
        for number in 0..count {
            let folder = format!("{parent}/{number}");
            std::fs::create_dir_all(root.join(&folder)).unwrap();
            (0..100).for_each(|file| drop(std::fs::File::create(root.join(format!("{folder}/{file}.txt"))).unwrap()));
            folders.push(folder);
        }
    }
    let openings = Openings::of(&root, &folders);
    let ours = watches();
    place.run(async |host| {
        let mut owner = Peer::open(&host, &owner(&host), "notes.md").await;
        owner.sees("one\n").await;
        patiently("all folders that people use are watched", async {
            while watches() < ours + 1_002 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        // Often enough that it shows if sharing or opening a document looks at them.
        let interface = Interface { name: "Wi-Fi".into(), address: "127.0.0.1".into(), kind: InterfaceKind::WiFi };
        for _ in 0..8 {
            let bound = Bound { interface: interface.clone(), port: 8787 };
            host.set_sharing("tide-pools", Some(bound)).await.unwrap();
            let (ana, _) = guest(&host, "Ana").await;
            Peer::open(&host, &ana, "data/7/notes.md").await.sees("two\n").await;
            host.set_sharing("tide-pools", None).await.unwrap();
        }
        place.write("notes.md", "one\nmore\n");
        owner.sees("one\nmore\n").await;
        let opened = openings.take();
        println!("{} of {} folders were opened, {} times", opened.len(), folders.len(), opened.values().sum::<usize>());
        assert!(
            opened.keys().all(|folder| !folder.starts_with("node_modules/")),
            "what programs keep there is left alone"
        );
        // For what is there and to watch it, and, where that took long, once more each. The root also for what lies beside its
        // files, and a document's folder for what saves left beside it.
        let few = |(folder, times): (&&str, &usize)| ["", "data/7"].contains(folder) || *times <= 4;
        assert!(opened.iter().all(few), "{opened:?}");
        host.shutdown().await;
    });
}

//! Decisions about who may come in, with the time in hand.

use super::*;
use crate::Device;
use proptest::prelude::*;
use protocol::guest::Joined;
use protocol::panel::{Ended, LinkWish, Purpose};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

const HOUR: u64 = 3_600_000;

fn wish(role: Role) -> LinkWish {
    LinkWish { label: String::new(), role, ask: false, expires: None, most_uses: None }
}

fn now(seconds: u64) -> Now {
    Now { elapsed: Duration::from_secs(seconds), unix_ms: seconds * 1000 }
}

/// The secrets of links in these tests.
fn secret_of(id: &str) -> String {
    format!("secret of {id}")
}

fn link(table: &mut Table, id: &str, wish: LinkWish, now: u64) {
    table.new_link(id.to_owned(), &secret_of(id), wish, now).unwrap();
}

fn come(table: &mut Table, name: &str, link: Option<&str>, now: u64) -> GuestRow {
    let (here, link) = (HashSet::new(), link.map(str::to_owned));
    let token = format!("token of {name}");
    let address = Some(format!("192.168.1.{}", name.len()));
    let admission = Admission {
        username: format!("user {name}"),
        name,
        color: None,
        role: Role::Edit,
        link,
        address,
        token: &token,
        here: &here,
        host: "Ines",
    };
    table.admit(admission, now)
}

fn why(table: &Table, id: &str, now: u64) -> Option<String> {
    table.link_by_secret(&secret_of(id), now).unwrap_err().reason
}

#[test]
fn link_30_several_links_are_live_and_an_ended_one_says_why() {
    let mut table = Table::default();
    link(&mut table, "a", wish(Role::Edit), 1);
    link(&mut table, "b", wish(Role::View), 2);
    let present = |table: &Table| table.present_link(3, secret_of).map(|(link, _)| link.id.clone());
    assert_eq!(present(&table).as_deref(), Some("b"));
    assert_eq!(table.link_by_secret(&secret_of("a"), 3).unwrap().wish.role, Role::Edit);
    come(&mut table, "Ana", Some("a"), 3);
    come(&mut table, "Ben", Some("b"), 3);
    table.end_link("b", Ended::Revoked, 4).unwrap();
    assert_eq!(present(&table).as_deref(), Some("a"));
    assert_eq!(why(&table, "b", 5).as_deref(), Some("revoked"));
    assert_eq!(table.link_by_secret(&secret_of("b"), 5).unwrap_err().at, Some(4), "and when");
    assert_eq!(table.holder("token of Ben", 5), Found::Nobody);
    assert!(matches!(table.holder("token of Ana", 5), Found::Guest(..)), "others stay");
    assert!(table.end_link("b", Ended::Revoked, 6).is_err(), "it has ended");
    assert!(table.change_link("b", wish(Role::Edit), 6).is_err(), "it stays so");
    table.change_link("a", wish(Role::View), 6).unwrap();
    assert_eq!(table.link_by_secret(&secret_of("a"), 6).unwrap().wish.role, Role::View);
    assert_eq!(table.role_of("user Ana"), Some(Role::Edit), "who came keeps the role");
    // One whose secret nobody knows any more is good, and not shown.
    table.new_link("old".to_owned(), "of an older version", wish(Role::Edit), 7).unwrap();
    assert!(table.link_by_secret("of an older version", 8).is_ok());
    assert_eq!(present(&table).as_deref(), Some("a"));
    // Of ended links the newest stay listed.
    for number in 0..30 {
        let id = format!("n{number}");
        link(&mut table, &id, wish(Role::Edit), 9);
        table.end_link(&id, Ended::Revoked, 10 + number).unwrap();
    }
    assert_eq!(table.rows.links.iter().filter(|link| link.ended.is_some()).count(), 20);
    assert_eq!((why(&table, "n0", 99), why(&table, "n29", 99).as_deref()), (None, Some("revoked")));
}

#[test]
fn link_31_a_link_ends_when_its_time_is_over_for_those_who_came_by_it_too() {
    let mut table = Table::default();
    link(&mut table, "a", LinkWish { expires: Some(5 * HOUR), label: "Class".into(), ..wish(Role::Edit) }, 1);
    let ana = come(&mut table, "Ana", Some("a"), 2).user.username;
    let at = |hours: u64| Now { elapsed: Duration::ZERO, unix_ms: hours * HOUR };
    assert_eq!(table.pass(at(4), String::new).expired, []);
    assert!(!table.link_of_guest_is_over(&ana, 4 * HOUR));
    assert!(table.link_of_guest_is_over(&ana, 5 * HOUR), "before anybody looked");
    assert_eq!(why(&table, "a", 5 * HOUR).as_deref(), Some("expired"));
    assert_eq!(table.link_by_secret(&secret_of("a"), 6 * HOUR).unwrap_err().at, Some(5 * HOUR), "when it was to");
    assert_eq!(table.pass(at(5), String::new).expired, [("Class".to_owned(), vec![ana])]);
    assert_eq!(table.holder("token of Ana", 5 * HOUR), Found::Nobody);
    assert_eq!(table.pass(at(6), String::new).expired, [], "said once");
    // A clock that is set back does not bring it back.
    assert_eq!(why(&table, "a", HOUR).as_deref(), Some("expired"));
    let refused = |wish: LinkWish| check_wish(&wish, 5 * HOUR).is_err();
    assert!(refused(LinkWish { expires: Some(5 * HOUR), ..wish(Role::Edit) }));
    assert!(refused(wish(Role::Run)) && refused(LinkWish { most_uses: Some(0), ..wish(Role::View) }));
    assert!(refused(LinkWish { label: "x".repeat(41), ..wish(Role::View) }));
    assert!(!refused(LinkWish { expires: Some(5 * HOUR + 1), label: "x".repeat(40), ..wish(Role::View) }));
}

#[test]
fn link_32_a_link_is_good_for_as_many_as_it_says() {
    let mut table = Table::default();
    link(&mut table, "a", LinkWish { most_uses: Some(2), ..wish(Role::Edit) }, 1);
    come(&mut table, "Ana", Some("a"), 2);
    assert!(table.check_live("a", 3).is_ok());
    come(&mut table, "Ben", Some("a"), 4);
    assert_eq!(why(&table, "a", 5).as_deref(), Some("used-up"));
    assert!(table.check_live("a", 5).is_err());
    assert!(matches!(table.holder("token of Ana", 5), Found::Guest(..)), "those are in");
    let used = &table.rows.links[0];
    assert_eq!((used.uses, used.last_used, used.ended), (2, Some(4), None));
    table.change_link("a", LinkWish { most_uses: Some(3), ..wish(Role::Edit) }, 6).unwrap();
    assert!(table.link_by_secret(&secret_of("a"), 7).is_ok(), "it may be given more");
}

#[test]
fn link_33_the_short_code_is_renewed_and_cannot_be_tried_out() {
    let mut codes = Codes::default();
    assert!(codes.renew(now(0), || "111111".into()));
    assert!(!codes.renew(now(599), || "999999".into()));
    assert_eq!(codes.shown(), Some(("111111".into(), 600_000)));
    let at = |seconds| Duration::from_secs(seconds);
    assert_eq!(codes.try_code("111 111", at(599)), Try::Fits);
    assert_eq!(codes.try_code("111112", at(599)), Try::Wrong);
    assert!(codes.renew(now(600), || "222222".into()));
    assert_eq!((codes.try_code("222222", at(601)), codes.try_code("111111", at(601))), (Try::Fits, Try::Fits));
    assert_eq!(codes.try_code("111111", at(660)), Try::Wrong, "a minute for whoever was typing");
    for _ in 1..30 {
        assert_eq!(codes.try_code("", at(661)), Try::Wrong);
    }
    assert_eq!(codes.try_code("222222", at(662)), Try::TooMany, "not even the good one");
    assert!(codes.renew(now(1200), || "333333".into()));
    assert_eq!(codes.try_code("333333", at(1201)), Try::Fits);
    assert!(codes.stop() && !codes.stop());
    assert_eq!((codes.try_code("333333", at(1202)), codes.shown()), (Try::Wrong, None));
    // After a long sleep the code of before is worth nothing.
    codes.renew(now(2000), || "444444".into());
    codes.renew(now(9000), || "555555".into());
    assert_eq!(codes.try_code("444444", at(9001)), Try::Wrong);
}

fn asking(id: &str, address: &str) -> Asking {
    Asking {
        id: id.to_owned(),
        ticket: Digest::of(format!("ticket {id}").as_bytes()),
        name: id.to_owned(),
        color: None,
        device: Device { address: address.to_owned(), program: String::new() },
        code: "4821".to_owned(),
        wants: Role::Edit,
        since: 0,
        link: Some("link".to_owned()),
        purpose: Purpose::Join,
        who: None,
    }
}

#[test]
fn link_34_knocks_wait_for_a_while_and_are_limited() {
    let at = |seconds| Duration::from_secs(seconds);
    let mut knocks = Knocks::default();
    let told = |knocks: &mut Knocks, id: &str| knocks.told(&format!("ticket {id}")).map(|(_, verdict)| verdict);
    knocks.ask(asking("a", "1"), at(0)).unwrap();
    assert!(!knocks.pass(at(29)));
    knocks.hold("ticket a", at(29)).unwrap();
    assert!(!knocks.pass(at(599)), "its page is there");
    assert!(knocks.pass(at(600)), "ten minutes");
    assert_eq!(told(&mut knocks, "a"), Some(Some(Verdict::Over)));
    assert!(!knocks.pass(at(720)));
    assert_eq!(told(&mut knocks, "a"), None, "forgotten");

    knocks.ask(asking("b", "1"), at(1000)).unwrap();
    knocks.hold("ticket b", at(1001)).unwrap();
    knocks.let_go("ticket b", at(1002));
    assert!(!knocks.pass(at(1031)) && knocks.pass(at(1032)), "30 s after its page went");

    let refused = |joined: Result<(), ErrorBody>| joined.unwrap_err().code == ErrorCode::TooMany;
    for id in ["c", "d", "e"] {
        knocks.ask(asking(id, "2"), at(2000)).unwrap();
    }
    assert!(refused(knocks.ask(asking("f", "2"), at(2000))), "three at one address");
    for number in 0..17 {
        knocks.ask(asking(&format!("n{number}"), &format!("10.{number}")), at(2000)).unwrap();
    }
    assert!(refused(knocks.ask(asking("g", "3"), at(2000))), "twenty in all");
    let lets_in = Verdict::LetIn {
        joined: Joined { me: User::new("u", "C", None), role: Role::View },
        token: Some("t".to_owned()),
        device: None,
    };
    assert!(knocks.answer("c", lets_in.clone(), at(2001)));
    assert!(!knocks.answer("c", Verdict::Refused, at(2002)), "answered once");
    assert_eq!(told(&mut knocks, "c"), Some(Some(lets_in.clone())));
    assert_eq!(told(&mut knocks, "c"), Some(Some(lets_in)), "the page may ask again");
    assert_eq!(told(&mut knocks, "x"), None);
    assert!(knocks.take_back("ticket d") && !knocks.take_back("ticket d"));
    knocks.link_ended("link");
    assert_eq!(told(&mut knocks, "e"), Some(Some(Verdict::Over)));
    assert_eq!(knocks.waiting().count(), 0);

    // Asking again and again is too much, too.
    let mut knocks = Knocks::default();
    for number in 0..12 {
        knocks.ask(asking(&number.to_string(), "1"), at(number)).unwrap();
        knocks.take_back(&format!("ticket {number}"));
    }
    assert!(refused(knocks.ask(asking("again", "1"), at(20))));
    assert!(knocks.ask(asking("other", "2"), at(20)).is_ok());
    assert!(knocks.ask(asking("later", "1"), at(700)).is_ok());
}

#[test]
fn link_35_a_name_is_free_again_when_its_guest_is_gone() {
    let mut table = Table::default();
    link(&mut table, "a", wish(Role::Edit), 1);
    let first = come(&mut table, "Ana", Some("a"), HOUR);
    assert_eq!(first.user.name, "Ana");
    let again = |table: &mut Table, id: &str, here: &HashSet<String>, now: u64| {
        let admission = Admission {
            username: id.to_owned(),
            name: "ana",
            color: None,
            role: Role::Edit,
            link: None,
            address: None,
            token: id,
            here,
            host: "Ines",
        };
        table.admit(admission, now).user.name
    };
    let (nobody, here) = (HashSet::new(), HashSet::from([first.user.username.clone()]));
    assert_eq!(again(&mut table, "u2", &nobody, 2 * HOUR), "ana 2");
    assert_eq!(again(&mut table, "u3", &here, 40 * HOUR), "ana 2", "whoever is here keeps the name");
    table.remove("u3", None, 40 * HOUR).unwrap();
    assert_eq!(again(&mut table, "u4", &nobody, 40 * HOUR), "ana", "a day later");
    // After a month away nobody is known any more.
    table.pass(Now { elapsed: Duration::ZERO, unix_ms: 24 * 40 * HOUR }, String::new);
    assert_eq!(table.rows.guests, []);
}

#[test]
fn link_36_who_was_removed_must_knock_by_whatever_way_they_come() {
    let mut table = Table::default();
    link(&mut table, "a", wish(Role::Edit), 1);
    let ana = come(&mut table, "Ana", Some("a"), 2).user.username;
    let ben = come(&mut table, "Benno", Some("a"), 2).user;
    table.remember("d".into(), "device", ben.clone(), Role::Edit, 3);
    table.set_role(&ben.username, Role::View).unwrap();
    assert_eq!(
        table.device("device"),
        Some(("d".into(), Role::View)),
        "a device comes in with the role that was given last"
    );
    table.remove(&ana, Some("192.168.1.77".into()), 4).unwrap();
    table.remove(&ben.username, None, 4).unwrap();
    assert_eq!(table.device("device"), None, "a removed person's device is not remembered");
    assert!(matches!(table.holder("token of Ana", 5), Found::Removed(_)));
    assert_eq!(table.role_of(&ana), None);
    let mut knocks = |cookie: Option<&str>, address: Option<&str>| table.was_removed(cookie, address, 5);
    assert!(knocks(Some("token of Ana"), None), "by the cookie");
    assert!(knocks(None, Some("192.168.1.77")), "without it, by the address");
    assert!(knocks(None, Some("192.168.1.5")), "of when they came, if they were away");
    assert!(!knocks(None, Some("192.168.1.78")) && !knocks(None, None));
    table.end_link("a", Ended::Revoked, 6).unwrap();
    assert!(table.was_removed(Some("token of Ana"), None, 7), "also by the next link");
    assert_eq!(table.let_back(&ana, None, 8).unwrap().1, Role::Edit);
    assert_eq!(table.role_of(&ana), Some(Role::Edit));
    assert_eq!(table.came_by(&ana), None, "by the owner's word");
    assert!(table.let_back(&ana, None, 9).is_err());
    assert!(!table.was_removed(Some("token of Ana"), Some("192.168.1.77"), 9));
}

/// One thing that happens to a table.
#[derive(Clone, Debug)]
enum Step {
    Link { role: Role, lasts: Option<u64>, most: Option<u32> },
    Join { link: usize },
    End { link: usize },
    SetRole { guest: usize, role: Role },
    Remove { guest: usize },
    LetBack { guest: usize },
    Wait { hours: u64 },
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::View), Just(Role::Edit)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (role(), proptest::option::of(1..20_u64), proptest::option::of(1..3_u32))
            .prop_map(|(role, lasts, most)| Step::Link { role, lasts, most }),
        (0..5_usize).prop_map(|link| Step::Join { link }),
        (0..5_usize).prop_map(|link| Step::Join { link }),
        (0..5_usize).prop_map(|link| Step::End { link }),
        (0..6_usize, role()).prop_map(|(guest, role)| Step::SetRole { guest, role }),
        (0..6_usize).prop_map(|guest| Step::Remove { guest }),
        (0..6_usize).prop_map(|guest| Step::LetBack { guest }),
        (1..6_u64).prop_map(|hours| Step::Wait { hours }),
    ]
}

/// A link as it was made.
struct Offered {
    id: String,
    expires: Option<u64>,
    most: Option<u32>,
    uses: u32,
    role: Role,
    live: bool,
}

/// A guest as the rules have it, told independently of the table.
struct Expected {
    token: String,
    username: String,
    link: Option<usize>,
    role: Role,
    removed: bool,
}

proptest! {
    /// Whatever the owner does in whatever order, exactly those are in whom a live link or the owner let in, with the role given
    /// last; and what is stored says the same.
    #[test]
    fn link_38_exactly_those_are_in_who_were_let_in(steps in proptest::collection::vec(step(), 1..60)) {
        let mut table = Table::default();
        let mut clock = HOUR;
        let mut links: Vec<Offered> = Vec::new();
        let mut guests: Vec<Expected> = Vec::new();
        let mut stored: HashMap<AccessKey, AccessRow> = HashMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Link { role, lasts, most } => {
                    let (id, expires) = (format!("l{number}"), lasts.map(|hours| clock + hours * HOUR));
                    link(&mut table, &id, LinkWish { expires, most_uses: most, ..wish(role) }, clock);
                    links.push(Offered { id, expires, most, uses: 0, role, live: true });
                }
                Step::Join { link: at } => {
                    let Some(Offered { id, expires, most, uses, role, live }) = links.get_mut(at) else { continue };
                    let good = *live && expires.is_none_or(|end| clock < end) && most.is_none_or(|most| *uses < most);
                    let found = table.link_by_secret(&secret_of(id), clock).map(|link| link.wish.role);
                    prop_assert_eq!(found.ok(), good.then_some(*role));
                    if good {
                        *uses += 1;
                        let (token, username) = (format!("t{number}"), format!("u{number}"));
                        let here = HashSet::new();
                        let (name, host, color, address) = ("Ana", "Ines", None, None);
                        let link = Some(id.clone());
                        let username_ = username.clone();
                        table.admit(Admission { username: username_, name, color, role: *role, link, address, token: &token, here: &here, host }, clock);
                        guests.push(Expected { token, username, link: Some(at), role: *role, removed: false });
                    }
                }
                Step::End { link: at } => {
                    let Some(Offered { id, live, .. }) = links.get_mut(at) else { continue };
                    prop_assert_eq!(table.end_link(id, Ended::Revoked, clock).is_ok(), *live);
                    *live = false;
                    guests.retain(|guest| guest.link != Some(at) || guest.removed);
                }
                Step::SetRole { guest, role } => {
                    let Some(guest) = guests.get_mut(guest) else { continue };
                    prop_assert_eq!(table.set_role(&guest.username, role).is_ok(), !guest.removed);
                    if !guest.removed { guest.role = role; }
                }
                Step::Remove { guest } => {
                    let Some(guest) = guests.get_mut(guest) else { continue };
                    prop_assert_eq!(table.remove(&guest.username, None, clock).is_ok(), !guest.removed);
                    guest.removed = true;
                }
                Step::LetBack { guest } => {
                    let Some(guest) = guests.get_mut(guest) else { continue };
                    prop_assert_eq!(table.let_back(&guest.username, None, clock).is_ok(), guest.removed);
                    if guest.removed && guest.link.is_some_and(|at| !links[at].live) { guest.link = None; }
                    guest.removed = false;
                }
                Step::Wait { hours } => {
                    clock += hours * HOUR;
                    table.pass(Now { elapsed: Duration::ZERO, unix_ms: clock }, String::new);
                    for (at, Offered { expires, live, .. }) in links.iter_mut().enumerate() {
                        if *live && expires.is_some_and(|end| end <= clock) {
                            *live = false;
                            guests.retain(|guest| guest.link != Some(at) || guest.removed);
                        }
                    }
                }
            }
            for guest in &guests {
                let found = match table.holder(&guest.token, clock) {
                    Found::Guest(_, role) => Some(role),
                    Found::Removed(_) if guest.removed => None,
                    other => return Err(TestCaseError::fail(format!("{} is {other:?}", guest.username))),
                };
                prop_assert_eq!(found, (!guest.removed).then_some(guest.role));
                prop_assert_eq!(table.role_of(&guest.username), found);
            }
            prop_assert_eq!(table.rows.guests.len(), guests.len());
            for (key, row) in table.take_unstored() {
                match row {
                    Some(row) => drop(stored.insert(key, row)),
                    None => drop(stored.remove(&key)),
                }
            }
            for guest in &table.rows.guests {
                prop_assert_eq!(stored.get(&guest_key(guest)), Some(&AccessRow::Guest(guest.clone())));
            }
            prop_assert_eq!(stored.len(), table.rows.guests.len() + table.rows.links.len());
        }
    }
}

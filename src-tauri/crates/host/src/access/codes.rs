//! The short code: six digits on the host's screen that lead to the present link, for a while.

use super::same_secret;
use rooms::Now;
use std::time::Duration;

/// How long a code is shown.
const SHOWN: Duration = Duration::from_secs(600);
/// How much longer it is good, for whoever is typing it.
const GRACE: Duration = Duration::from_secs(60);
/// Wrong codes that are answered while one code is shown: of a million codes, an attacker sees so many.
const MOST_WRONG: u32 = 30;

/// The code that is shown and the one before.
#[derive(Default)]
pub(crate) struct Codes {
    shown: Option<Shown>,
    before: Option<Shown>,
    wrong: u32,
}

#[derive(Clone)]
struct Shown {
    code: String,
    /// On the monotonic clock.
    until: Duration,
    /// For people, Unix milliseconds.
    until_ms: u64,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Try {
    Fits,
    Wrong,
    /// Too many were wrong; the next code is a new chance.
    TooMany,
}

impl Codes {
    /// Shows a new code if it is time; whether it was.
    pub(crate) fn renew(&mut self, now: Now, make: impl FnOnce() -> String) -> bool {
        if self.before.as_ref().is_some_and(|before| before.until + GRACE <= now.elapsed) {
            self.before = None;
        }
        if self.shown.as_ref().is_some_and(|shown| now.elapsed < shown.until) {
            return false;
        }
        let until_ms = now.unix_ms.saturating_add(SHOWN.as_millis() as u64);
        let next = Shown { code: make(), until: now.elapsed + SHOWN, until_ms };
        self.before = self.shown.replace(next).filter(|before| now.elapsed < before.until + GRACE);
        self.wrong = 0;
        true
    }

    /// No code any more; whether there was one.
    pub(crate) fn stop(&mut self) -> bool {
        let was = self.shown.is_some();
        *self = Self::default();
        was
    }

    /// The code to show, and until when (Unix milliseconds).
    pub(crate) fn shown(&self) -> Option<(String, u64)> {
        self.shown.as_ref().map(|shown| (shown.code.clone(), shown.until_ms))
    }

    /// Somebody typed this.
    pub(crate) fn try_code(&mut self, typed: &str, now: Duration) -> Try {
        if self.wrong >= MOST_WRONG {
            return Try::TooMany;
        }
        let typed: String = typed.chars().filter(|digit| !digit.is_whitespace()).collect();
        let fits = |shown: &Option<Shown>, more: Duration| {
            shown.as_ref().is_some_and(|shown| same_secret(&shown.code, &typed) & (now < shown.until + more))
        };
        // Both are compared, always.
        if fits(&self.shown, GRACE) | fits(&self.before, GRACE) {
            return Try::Fits;
        }
        self.wrong += 1;
        Try::Wrong
    }
}

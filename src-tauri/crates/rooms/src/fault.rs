//! Named faults that the simulation switches on to prove that it would notice them. In a product build each is `false`.

/// Whether a named fault is switched on.
#[cfg(feature = "mutations")]
macro_rules! faulty {
    ($name:ident) => {
        ydoc::mutation::active(ydoc::mutation::Mutation::$name)
    };
}

/// Whether a named fault is switched on: never in this build.
#[cfg(not(feature = "mutations"))]
macro_rules! faulty {
    ($name:ident) => {
        false
    };
}

pub(crate) use faulty;

//! Bytes taken apart into what a target asks for.

/// What is left of an input. At its end it gives zeros and nothing.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A length (one byte; from 224 on, times 256 with another) and as many bytes, or what is left.
    pub(crate) fn chunk(&mut self) -> &'a [u8] {
        let length = match self.byte() {
            short @ ..224 => usize::from(short),
            long => usize::from(long - 224) * 256 + usize::from(self.byte()),
        };
        let (chunk, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        chunk
    }

    pub(crate) fn text(&mut self) -> String {
        String::from_utf8_lossy(self.chunk()).into_owned()
    }
}

//! Ids: of files, sessions, clients and rooms. Made elsewhere (randomness is an input); here they are parsed and printed.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Stable id of a file across renames; a UUIDv4 as text, unique per folder.
    FileId
);
text_id!(
    /// Issued per folder and remembered: a UUIDv4 as text. A client shows it when it connects to a document room.
    SessionId
);

/// One WebSocket in one room. Unique within one run of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct ClientId(pub u64);

/// What a client asked a file to be opened as: `json`/`notebook`, `text`/`file`, `base64`/`file`, …
///
/// Neither word is validated, as in the reference server; unknown types are served as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct DocumentKind {
    /// `json`, `text` or `base64`.
    pub format: String,
    /// `notebook`, `file`, `unicode`, `blob`, or anything else.
    #[serde(rename = "type")]
    pub ty: String,
}

/// Which shared model a [`DocumentKind`] is served with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// `YNotebook`: cells.
    Notebook,
    /// `YUnicode`: one text, the file's.
    Text,
    /// `YUnicode` whose text is the base64 form of the file's bytes.
    Base64,
    /// `YBlob`: bytes, replaced whole.
    Blob,
}

impl DocumentKind {
    /// Kind from its two words.
    pub fn new(format: impl Into<String>, ty: impl Into<String>) -> Self {
        Self { format: format.into(), ty: ty.into() }
    }

    /// `json` / `notebook`.
    pub fn notebook() -> Self {
        Self::new("json", "notebook")
    }

    /// `text` / `file`.
    pub fn text() -> Self {
        Self::new("text", "file")
    }

    /// The kind in which a file of this path has its primary room: notebook for `.ipynb`, text otherwise.
    pub fn primary_for(path: &str) -> Self {
        if path.to_ascii_lowercase().ends_with(".ipynb") { Self::notebook() } else { Self::text() }
    }

    /// The shared model that serves this kind.
    pub fn model(&self) -> Model {
        match (self.format.as_str(), self.ty.as_str()) {
            (_, "notebook") => Model::Notebook,
            (_, "blob") => Model::Blob,
            ("base64", _) => Model::Base64,
            _ => Model::Text,
        }
    }
}

/// Name of a room: `{format}:{type}:{fileId}` has a file behind it, every other string is a transient room.
///
/// Rule of all versions of `jupyter_server_ydoc`: two or more `:` make a document room, split at most twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoomId {
    /// A room with a file behind it.
    Document {
        /// Format and type it was opened with.
        kind: DocumentKind,
        /// The file.
        file: FileId,
    },
    /// A room with awareness only, such as `JupyterLab:globalAwareness`.
    Transient(String),
}

impl RoomId {
    /// Classifies a percent-decoded room name. `None` for the empty name.
    pub fn parse(name: &str) -> Option<Self> {
        if name.is_empty() {
            return None;
        }
        let mut parts = name.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(format), Some(ty), Some(file)) => {
                Some(Self::Document { kind: DocumentKind::new(format, ty), file: FileId(file.to_owned()) })
            }
            _ => Some(Self::Transient(name.to_owned())),
        }
    }

    /// Document room of this kind and file.
    pub fn document(kind: DocumentKind, file: FileId) -> Self {
        Self::Document { kind, file }
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document { kind, file } => write!(f, "{}:{}:{}", kind.format, kind.ty, file),
            Self::Transient(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_1_two_colons_make_a_document_room() {
        let cases = [
            ("json:notebook:abc", true),
            ("text:file:a:b", true),
            ("JupyterLab:globalAwareness", false),
            ("foo", false),
            ("0123456789abcdef0123456789abcdef", false),
        ];
        for (name, document) in cases {
            let room = RoomId::parse(name).unwrap();
            assert_eq!(matches!(room, RoomId::Document { .. }), document, "{name}");
            assert_eq!(room.to_string(), name);
        }
        assert_eq!(RoomId::parse(""), None);
    }
}

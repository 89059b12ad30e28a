//! First varuint of a frame in a room's WebSocket (lib0 encoding; `jupyter_server_ydoc`).

/// y-sync: step 1, step 2, update.
pub const SYNC: u8 = 0;
/// An awareness update.
pub const AWARENESS: u8 = 1;
/// Jupyter's own messages: a string, then what that string implies (`save` + varuint; JSON from the server).
pub const RAW: u8 = 2;
/// Asks for all known awareness states.
pub const QUERY_AWARENESS: u8 = 3;
/// Chat: length-prefixed UTF-8 JSON.
pub const CHAT: u8 = 125;

/// Sub-type of [`SYNC`]: a state vector; the answer is step 2.
pub const SYNC_STEP_1: u8 = 0;
/// Sub-type of [`SYNC`]: an update answering a step 1.
pub const SYNC_STEP_2: u8 = 1;
/// Sub-type of [`SYNC`]: an update.
pub const SYNC_UPDATE: u8 = 2;

/// RAW message from a client: save now; followed by a varuint that the answer repeats.
pub const RAW_SAVE: &str = "save";
/// RAW message from our own guest page: tell me when everything before this is in the durable log; followed by a varuint.
pub const RAW_STORED: &str = "stored?";

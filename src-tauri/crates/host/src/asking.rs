//! A question to a room that need not be open. Not here: what rooms are asked (`registry`), and who asks.

use crate::actor;
use crate::folder::Folder;
use crate::registry::{Refused, Told};
use crate::shared::Shared;
use protocol::RoomId;
use std::sync::Arc;
use tokio::sync::oneshot;

/// How often a room that closes just then is asked once more.
const TRIES: u32 = 3;

impl Folder {
    /// Asks a room, which is started if it is not there. `None`: the folder is being closed, or the room ended each time before
    /// it answered.
    pub(crate) async fn ask_room<T>(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        room: &RoomId,
        ask: impl Fn(oneshot::Sender<T>) -> Told,
    ) -> Option<T> {
        for _ in 0..TRIES {
            let (answer, answered) = oneshot::channel();
            let entered = self.rooms.tell(room, ask(answer), |told, status| {
                let task = actor::run(shared.clone(), self.clone(), room.clone(), status, told);
                self.tasks.spawn(task);
            });
            if entered == Err(Refused::Closed) {
                return None;
            }
            if let Ok(answer) = answered.await {
                return Some(answer);
            }
        }
        None
    }
}

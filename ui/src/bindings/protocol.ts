// What crosses the boundary between the interface and the host, in TypeScript.
// Made from the Rust types of `protocol` by `cargo xtask bindings`; never edited.

/**
 * What happened. Ids; shown untranslated in exports.
 */
export type Action = "initialize" | "load" | "save" | "overwrite" | "clean" | "join" | "leave" | "rename" | "delete" | "create" | "copy" | "share" | "unshare" | "revoke" | "knock" | "refuse" | "role" | "remove" | "add" | "wake" | "fault";

/**
 * Body of `POST knock`: asks to come in, with a link, the short code or nothing; or, with a guest's cookie, to edit.
 */
export type Ask = { 
/**
 * `view` or `edit`; never more than the link gives.
 */
wants: Role, 
/**
 * The share link's secret, for those who have the link.
 */
secret?: string, 
/**
 * The short code from the host's screen, for those who typed it.
 */
code?: string, 
/**
 * 1 to 40 characters.
 */
name: string, 
/**
 * `#rrggbb`, or `null` for the next free colour.
 */
color: string | null, };

/**
 * What a guest without the link types instead.
 */
export type Code = { 
/**
 * Six digits.
 */
code: string, 
/**
 * Another takes its place then, Unix milliseconds.
 */
until: number, };

/**
 * What the window asks for; the answer is the new [`State`] or an [`crate::ErrorBody`].
 */
export type Command = { "do": "add-folder", 
/**
 * Absolute path.
 */
path: string, } | { "do": "add-sample" } | { "do": "remove-folder", 
/**
 * Which.
 */
slug: string, } | { "do": "share", 
/**
 * Which.
 */
slug: string, 
/**
 * Address of the interface, which is remembered; `null` takes the one that was chosen last, if it is there, else the first.
 */
address: string | null, } | { "do": "show-nearby", 
/**
 * Whether to.
 */
on: boolean, } | { "do": "unshare", 
/**
 * Which.
 */
slug: string, } | { "do": "new-link", 
/**
 * Of which folder.
 */
slug: string, 
/**
 * What it is to be.
 */
link: LinkWish, 
/**
 * End all others; who came by them leaves.
 */
end_others: boolean, } | { "do": "change-link", 
/**
 * Of which folder.
 */
slug: string, 
/**
 * Its id.
 */
id: string, 
/**
 * What it is to be.
 */
link: LinkWish, } | { "do": "end-link", 
/**
 * Of which folder.
 */
slug: string, 
/**
 * Its id.
 */
id: string, } | { "do": "let-in", 
/**
 * To which folder.
 */
slug: string, 
/**
 * Id of the knock.
 */
knock: string, 
/**
 * `view` or `edit`.
 */
role: Role, 
/**
 * The device may come in by itself the next time.
 */
remember: boolean, } | { "do": "refuse", 
/**
 * At which folder.
 */
slug: string, 
/**
 * Id of the knock.
 */
knock: string, } | { "do": "set-role", 
/**
 * In which folder.
 */
slug: string, 
/**
 * [`Presence::username`].
 */
person: string, 
/**
 * `view` or `edit`.
 */
role: Role, } | { "do": "remove-person", 
/**
 * Of which folder.
 */
slug: string, 
/**
 * [`Presence::username`].
 */
person: string, } | { "do": "let-back", 
/**
 * To which folder.
 */
slug: string, 
/**
 * [`Removed::username`].
 */
person: string, } | { "do": "new-token", 
/**
 * For which folder.
 */
slug: string, 
/**
 * 1 to 40 characters; also the name under which it acts.
 */
name: string, 
/**
 * `view` or `edit`.
 */
role: Role, } | { "do": "end-token", 
/**
 * Of which folder.
 */
slug: string, 
/**
 * Its id.
 */
id: string, } | { "do": "forget-device", 
/**
 * In which folder.
 */
slug: string, 
/**
 * Its id.
 */
id: string, };

/**
 * A stretch of lines in which both sides wrote on one line.
 */
export type Conflict = { 
/**
 * Number of the cell (in a text: of the first line) in the merged document; the first is 1.
 */
number: number, 
/**
 * Id of the cell; `null` in a text.
 */
cell: string | null, 
/**
 * The stretch on each side; `null` where it is too long to be told.
 */
texts: Texts | null, };

/**
 * What a client asked a file to be opened as: `json`/`notebook`, `text`/`file`, `base64`/`file`, …
 *
 * Neither word is validated, as in the reference server; unknown types are served as text.
 */
export type DocumentKind = { 
/**
 * `json`, `text` or `base64`.
 */
format: string, 
/**
 * `notebook`, `file`, `unicode`, `blob`, or anything else.
 */
type: string, };

/**
 * Why a link ended.
 */
export type Ended = "revoked" | "expired" | "used-up";

/**
 * JSON body of every error answer: Jupyter's shape (`message`, `reason`) and our code.
 */
export type ErrorBody = { 
/**
 * A sentence for people that names the path, link or room.
 */
message: string, 
/**
 * Jupyter's word for some refusals (`bad type`, `bad format`), mostly `null`; its clients expect the key.
 */
reason: string | null, 
/**
 * For programs.
 */
code: ErrorCode, 
/**
 * When what it tells of happened, Unix milliseconds; only where a page says so.
 */
at?: number, };

/**
 * What a client can act on. A code exists only if some client acts on it.
 */
export type ErrorCode = "forbidden" | "link-ended" | "not-shared" | "removed" | "must-ask" | "bad-code" | "too-many" | "bad-name" | "not-found" | "bad-request" | "exists" | "too-big" | "cannot-bind" | "fault";

/**
 * Which stream an event belongs to.
 */
export type EventKind = "session" | "awareness" | "fork" | "host";

/**
 * An event as the store keeps it and the panel shows it.
 */
export type EventRecord = { 
/**
 * Rising number, unique in the store.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
time: number, 
/**
 * Slug of the folder; empty for events of the whole host.
 */
folder: string, 
/**
 * How much it matters.
 */
level: Level, 
/**
 * Which stream.
 */
kind: EventKind, 
/**
 * What happened.
 */
action: Action, 
/**
 * Room id, if it happened in a room.
 */
room: string | null, 
/**
 * API path of the document, if there is one.
 */
path: string | null, 
/**
 * Who did it: the server-side identity.
 */
person: Person | null, 
/**
 * Exact message of the reference server, or empty. Of a fork: its [`ForkInfo`] as JSON.
 */
msg: string, 
/**
 * One sentence for people, without the person's name in front when `person` is set.
 */
line: string, };

/**
 * A file in the list.
 */
export type FileEntry = { 
/**
 * API path.
 */
path: string, 
/**
 * How to open it.
 */
kind: FileKind, 
/**
 * Bytes.
 */
size: number, 
/**
 * Unix milliseconds.
 */
modified: number, 
/**
 * Who has it open now.
 */
people: Array<Person>, };

/**
 * Stable id of a file across renames; a UUIDv4 as text, unique per folder.
 */
export type FileId = string;

/**
 * How the page opens a file.
 */
export type FileKind = "notebook" | "text" | "other";

/**
 * Answer of `GET files`: sorted by path, hidden and ignored files left out.
 */
export type FileList = { 
/**
 * The files.
 */
files: Array<FileEntry>, 
/**
 * More files exist than are listed.
 */
truncated: boolean, };

/**
 * Message of the WebSocket `GET files/live`: what is new in the list since the message before, in the first everything. One
 * that says nothing comes every 15 s, so that a page knows a line that died.
 */
export type FileNews = { 
/**
 * Files that came, or of which something is different: each whole.
 */
files: Array<FileEntry>, 
/**
 * Paths at which no file is any more.
 */
gone: Array<string>, 
/**
 * As in the list.
 */
truncated: boolean, };

/**
 * How a document's file fares. A reason is a sentence for people.
 */
export type FileState = { "state": "fine" } | { "state": "gone" } | { "state": "unwritable", 
/**
 * Why.
 */
reason: string, } | { "state": "unfit", 
/**
 * Why.
 */
reason: string, } | { "state": "unreadable", 
/**
 * Why.
 */
reason: string, };

/**
 * A folder in the window.
 */
export type Folder = { 
/**
 * Its id and the first part of its base URL.
 */
slug: string, 
/**
 * Name to show: the directory's.
 */
name: string, 
/**
 * Path on this machine, with the home directory as `~`.
 */
path: string, 
/**
 * The directory exists and can be read.
 */
present: boolean, 
/**
 * `null`: only this computer can open it.
 */
sharing: Sharing | null, 
/**
 * Who is in it now.
 */
people: Array<Presence>, 
/**
 * Its share links, the newest first; those that ended stay listed for a while.
 */
links: Array<Link>, 
/**
 * Who asks to come in, or to edit; the longest waiting first.
 */
knocks: Array<Knock>, 
/**
 * Who was removed and not let back in, the last first.
 */
removed: Array<Removed>, 
/**
 * API tokens, the newest first.
 */
tokens: Array<Token>, 
/**
 * Devices that come in without asking.
 */
remembered: Array<Remembered>, 
/**
 * Documents that are open now.
 */
documents: number, 
/**
 * Of these, documents whose file lacks edits.
 */
unsaved: number, };

/**
 * Answer of `POST hello`. Folder and host are `null` for somebody who has neither a cookie nor a link nor the short code.
 */
export type Hello = { 
/**
 * Version of the host.
 */
version: string, 
/**
 * Name of the folder.
 */
folder: string | null, 
/**
 * Name of the person who shares it.
 */
host: string | null, 
/**
 * Who the cookie says you are.
 */
me: User | null, 
/**
 * What you may do, or would by this link.
 */
role: Role | null, 
/**
 * The host is asked about you: knock instead of joining.
 */
ask: boolean, 
/**
 * The cookie is of somebody who was removed; knocking asks to come back.
 */
removed: boolean, 
/**
 * Whether the folder is shared now.
 */
sharing: boolean, 
/**
 * Whether JupyterLab can be opened at `lab`.
 */
jupyterlab: boolean, };

/**
 * A network interface that sharing can bind.
 */
export type Interface = { 
/**
 * The system's name of it: `wlan0`, `en0`, `Ethernet 2`, …
 */
name: string, 
/**
 * IPv4 or IPv6 address as text.
 */
address: string, 
/**
 * What it leads to.
 */
kind: InterfaceKind, };

/**
 * What an interface leads to, as far as its name and its flags tell.
 */
export type InterfaceKind = "wi-fi" | "wired" | "other" | "vpn" | "virtual";

/**
 * Body of `POST join`.
 */
export type Join = { 
/**
 * The share link's secret, for those who have the link.
 */
secret?: string, 
/**
 * The short code from the host's screen, for those who typed it.
 */
code?: string, 
/**
 * 1 to 40 characters.
 */
name: string, 
/**
 * `#rrggbb`, or `null` for the next free colour.
 */
color: string | null, };

/**
 * Answer of `POST join`; the credential itself is in an HttpOnly cookie.
 */
export type Joined = { 
/**
 * Who you are from now on.
 */
me: User, 
/**
 * What you may do.
 */
role: Role, };

/**
 * Somebody asks.
 */
export type Knock = { 
/**
 * Names the knock.
 */
id: string, 
/**
 * The name they typed.
 */
name: string, 
/**
 * `#rrggbb` or `null`.
 */
color: string | null, 
/**
 * `192.168.1.62 · Chrome on Android`.
 */
device: string, 
/**
 * The four digits that their screen shows too.
 */
code: string, 
/**
 * What they want to do.
 */
wants: Role, 
/**
 * Since when they wait, Unix milliseconds.
 */
since: number, 
/**
 * Id of the link they have; `null`: none.
 */
link: string | null, 
/**
 * Why they ask.
 */
why: Purpose, };

/**
 * Answer of `POST knock`, and of `POST knock/wait`, which is held back until there is news (20 s at most; then asked again).
 */
export type Knocked = { "state": "waiting", 
/**
 * Names the knock to `wait` and `stop`; a secret of this page.
 */
ticket: string, 
/**
 * Four digits that the host sees too.
 */
code: string, 
/**
 * Since when, Unix milliseconds.
 */
since: number, } | { "state": "let-in" } & Joined | { "state": "refused" } | { "state": "over" };

/**
 * How much an event matters, in rising order.
 */
export type Level = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";

/**
 * A share link, as its owner sees it.
 */
export type Link = { 
/**
 * Names it; no secret.
 */
id: string, 
/**
 * It is the one on the card: the newest that is live and can be shown.
 */
present: boolean, 
/**
 * The full URL, while the folder is shared and the link is live; `null` also for a link of an older version, whose secret
 * nobody knows any more.
 */
url: string | null, 
/**
 * When it was made, Unix milliseconds.
 */
made: number, 
/**
 * How many joined by it.
 */
uses: number, 
/**
 * When the last did, Unix milliseconds.
 */
last_used: number | null, 
/**
 * People who are here by it now.
 */
people: number, 
/**
 * Why nobody can join by it any more; `null`: it is live.
 */
ended: Ended | null, 
/**
 * A name for the owner, as `Class`; may be empty.
 */
label: string, 
/**
 * `view` or `edit`.
 */
role: Role, 
/**
 * The owner is asked about everybody who comes by it.
 */
ask: boolean, 
/**
 * It ends then, in Unix milliseconds, and those who came by it leave; `null`: it is good whenever the folder is shared.
 */
expires: number | null, 
/**
 * So many may join by it; `null`: any number.
 */
most_uses: number | null, };

/**
 * What an owner wants of a link.
 */
export type LinkWish = { 
/**
 * A name for the owner, as `Class`; may be empty.
 */
label: string, 
/**
 * `view` or `edit`.
 */
role: Role, 
/**
 * The owner is asked about everybody who comes by it.
 */
ask: boolean, 
/**
 * It ends then, in Unix milliseconds, and those who came by it leave; `null`: it is good whenever the folder is shared.
 */
expires: number | null, 
/**
 * So many may join by it; `null`: any number.
 */
most_uses: number | null, };

/**
 * A change of the file by another program that was merged into the document.
 */
export type Merge = { 
/**
 * Rising, never the same for two merges of one file, also after a restart.
 */
id: number, 
/**
 * When, in Unix milliseconds.
 */
time: number, 
/**
 * API path of the file then.
 */
path: string, 
/**
 * It happened while nobody had the document open.
 */
closed: boolean, 
/**
 * Who typed since document and file were the same last, as far as the room saw it.
 */
by: Array<Person>, 
/**
 * Digest (hexadecimal) of the kept version that says what the document said here.
 */
here: string, 
/**
 * Digest (hexadecimal) of the kept version that is the file as it was found.
 */
disk: string, 
/**
 * What was merged.
 */
report: MergeReport, };

/**
 * What a merge did.
 */
export type MergeReport = { 
/**
 * Cells whose source, outputs or metadata were changed by the disk (for text: lines).
 */
changed: number, 
/**
 * Cells (lines) that the disk added.
 */
added: number, 
/**
 * Cells (lines) that the disk removed.
 */
removed: number, 
/**
 * Cells kept although the disk deleted them, because somebody edits them here.
 */
kept: number, 
/**
 * Where both sides wrote on one line; both texts are there.
 */
conflicts: Array<Conflict>, 
/**
 * The live document held edits that the file did not have.
 */
live_edits: boolean, };

/**
 * What the window is told as it happens. The first message is a `State`, then the tail of events, then live.
 */
export type Message = { "type": "state", 
/**
 * The state.
 */
state: State, } | { "type": "events", 
/**
 * One or more.
 */
events: Array<EventRecord>, };

/**
 * Other hosts on the networks that are shared on, and whether this one is shown to them. Nothing is sent or asked unless the
 * person chose it, and a folder is shared.
 */
export type Nearby = { 
/**
 * The person chose it.
 */
on: boolean, 
/**
 * Those that show themselves, by name.
 */
hosts: Array<NearbyHost>, 
/**
 * Why it does not work, as a sentence.
 */
fault: string | null, };

/**
 * Another host on the network.
 */
export type NearbyHost = { 
/**
 * Name of the person at it.
 */
name: string, 
/**
 * `192.168.1.31:8787`.
 */
address: string, 
/**
 * Its page.
 */
url: string, };

/**
 * One RAW frame from a room.
 */
export type Notice = { "type": "merged", 
/**
 * The merges.
 */
merges: Array<Merge>, } | { "type": "role", 
/**
 * From now on.
 */
role: Role, } | { "type": "file" } & FileState;

/**
 * The person of an event.
 */
export type Person = { 
/**
 * `User::username`.
 */
username: string, 
/**
 * Name to show.
 */
name: string, 
/**
 * `#rrggbb` or `null`.
 */
color: string | null, };

/**
 * A connected person. Several tabs of one person are one row.
 */
export type Presence = { 
/**
 * Identity.
 */
username: string, 
/**
 * Name to show.
 */
name: string, 
/**
 * `#rrggbb` or `null`.
 */
color: string | null, 
/**
 * What they may do.
 */
role: Role, 
/**
 * The person at the host.
 */
owner: boolean, 
/**
 * Paths of the documents they have open.
 */
documents: Array<string>, 
/**
 * Remote address and browser: `192.168.1.34 · Safari`.
 */
device: string, 
/**
 * Unix milliseconds of the first connection.
 */
since: number, 
/**
 * Open connections.
 */
connections: number, 
/**
 * Id of the link or API token they came by; `null`: let in without a link, or the owner.
 */
by: string | null, };

/**
 * Why somebody asks.
 */
export type Purpose = "join" | "edit" | "back";

/**
 * A device that comes in without asking.
 */
export type Remembered = { 
/**
 * Names it; no secret.
 */
id: string, 
/**
 * Name of whoever was let in with it.
 */
name: string, 
/**
 * With which role it comes in.
 */
role: Role, 
/**
 * When it was let in, Unix milliseconds.
 */
since: number, };

/**
 * Somebody who was removed.
 */
export type Removed = { 
/**
 * Identity.
 */
username: string, 
/**
 * Name to show.
 */
name: string, 
/**
 * `#rrggbb` or `null`.
 */
color: string | null, 
/**
 * When, Unix milliseconds.
 */
since: number, };

/**
 * Body of `POST versions/{path}`: the version becomes an edit of the document, as if somebody had typed it. The answer is
 * empty (204); what the document said before is kept as a version too.
 */
export type Restore = { 
/**
 * [`Version::id`].
 */
restore: number, };

/**
 * What a client may do in a folder. Each role includes the ones before it.
 */
export type Role = "view" | "edit" | "run";

/**
 * Issued per folder and remembered: a UUIDv4 as text. A client shows it when it connects to a document room.
 */
export type SessionId = string;

/**
 * Body of the answer: status 200 if the path had an id already, 201 if it got one now.
 */
export type SessionResponse = { 
/**
 * As asked.
 */
format: string, 
/**
 * As asked.
 */
type: string, 
/**
 * The file's id.
 */
fileId: FileId, 
/**
 * The folder's newest session.
 */
sessionId: SessionId, };

/**
 * How far sharing of a folder is.
 */
export type Sharing = { 
/**
 * The interface that is bound.
 */
interface: Interface, 
/**
 * `192.168.1.20:8787/tides`: what to read aloud.
 */
address: string, 
/**
 * Different remote addresses that have opened it since it was shared.
 */
devices: number, 
/**
 * The present link, the newest that is live: full URL with its secret in the fragment. `null`: there is none.
 */
link: string | null, 
/**
 * The short code that leads to the present link; `null` without one.
 */
code: Code | null, 
/**
 * Since when it is shared at this address, Unix milliseconds.
 */
since: number, 
/**
 * The interface has no network at the moment: nobody reaches the folder until it is back.
 */
away: boolean, 
/**
 * The address before the network changed, which leads nowhere now; `null`: it did not change.
 */
before: string | null, 
/**
 * `ines.local:8787/tides`: the same with a name, where devices look names up on the network; `null`: none is announced.
 */
name: string | null, };

/**
 * All that the window shows besides events.
 */
export type State = { 
/**
 * Version of the app.
 */
version: string, 
/**
 * Name of the person at the host.
 */
host: string, 
/**
 * Folders in the order they were added.
 */
folders: Array<Folder>, 
/**
 * Interfaces that can be shared on, the one first that guests reach most likely.
 */
interfaces: Array<Interface>, 
/**
 * The port in use.
 */
port: number, 
/**
 * Port that was asked for but taken by another program.
 */
taken_port: number | null, 
/**
 * Document edits in the last minute.
 */
edits_per_minute: number, 
/**
 * Whether a folder can be opened in JupyterLab.
 */
jupyterlab: boolean, 
/**
 * The host's system, as Rust names it: `linux`, `macos`, `windows`, …
 */
system: string, 
/**
 * Other hosts on the network.
 */
nearby: Nearby, 
/**
 * Only in the answer to [`Command::NewToken`]: the token, which is never shown again.
 */
new_token: string | null, };

/**
 * One stretch of whole lines, without the last line's end. Where `merged` is still in the cell (the text), replacing it by
 * one of the others makes that side's words stand alone.
 */
export type Texts = { 
/**
 * First line of the stretch in the merged cell (text); the first is 1.
 */
line: number, 
/**
 * As it was typed here.
 */
here: string, 
/**
 * As it was in the file.
 */
disk: string, 
/**
 * As it is now: both.
 */
merged: string, };

/**
 * Body of `POST knock/wait` and `POST knock/stop`.
 */
export type Ticket = { 
/**
 * From [`Knocked::Waiting`].
 */
ticket: string, };

/**
 * A token for stock clients, without its secret.
 */
export type Token = { 
/**
 * Names it; no secret.
 */
id: string, 
/**
 * Its name, and that of whoever uses it.
 */
name: string, 
/**
 * What it allows.
 */
role: Role, 
/**
 * When it was made, Unix milliseconds.
 */
made: number, 
/**
 * When it was used last, to the minute, Unix milliseconds.
 */
last_used: number | null, };

/**
 * A person as `/api/me` and awareness states describe one (Jupyter's identity object).
 */
export type User = { 
/**
 * Unique id: 32 hex digits for guests, `owner` for the person at the host.
 */
username: string, 
/**
 * Full name.
 */
name: string, 
/**
 * Name to show.
 */
display_name: string, 
/**
 * One to three letters.
 */
initials: string, 
/**
 * `#rrggbb`, or `null`: the client chooses.
 */
color: string | null, 
/**
 * Always `null` from us.
 */
avatar_url: string | null, };

/**
 * A kept version, without its bytes.
 */
export type Version = { 
/**
 * Names it; rising.
 */
id: number, 
/**
 * When it was kept, in Unix milliseconds; of a checkpoint, when the file was written that it holds.
 */
time: number, 
/**
 * Why.
 */
why: Why, 
/**
 * Bytes.
 */
size: number, 
/**
 * SHA-256 in lower-case hexadecimal.
 */
digest: string, };

/**
 * Answer of `GET versions/{path}` below `{base}api/commonplace/`. `GET versions/{path}?id=N` gives the bytes of one.
 */
export type VersionList = { 
/**
 * API path of the file.
 */
path: string, 
/**
 * The newest first.
 */
versions: Array<Version>, };

/**
 * Why bytes were kept.
 */
export type Why = "saved" | "here" | "disk" | "restored" | "checkpoint" | "imported";

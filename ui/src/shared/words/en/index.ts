// Every word that people read, in English; access.ts and lan.ts are parts of it. A calm colleague speaks: short, present tense, what is true first, then
// what happens by itself, then what one can do. Whole sentences with places to fill; nothing is glued from fragments.
import { count } from '../count';
import { access } from './access';
import { events } from './events';
import { lan } from './lan';

const edits = (n: number) => count(n, 'edit');
/** The host’s reasons may end without a full stop. */
const sentence = (reason: string) => (/[.!?…]$/.test(reason) ? reason : `${reason}.`);
const people = (n: number) => count(n, 'person', 'people');

export const en = {
  tag: 'en',
  direction: 'ltr',
  /** Dates and times are written as this locale does; undefined: as the reader's own system does. */
  locale: undefined as string | undefined,

  app: 'Commonplace',
  close: 'Close',
  people,
  edits,
  /** Names in a row. */
  names: (names: string[]) => names.join(', '),
  numbers: (numbers: number[]) => new Intl.ListFormat('en').format(numbers.map(String)),
  /** A sentence of clauses that lack its full stop. */
  sentence: (clauses: string[]) => `${clauses.join(', ')}.`,
  /** Whole sentences, one after the other. */
  sentences: (sentences: string[]) => sentences.join(' '),
  access,
  events,
  lan,

  language: { label: 'Language', system: 'As the browser' },

  time: {
    justNow: 'just now',
    today: 'today',
    yesterday: 'yesterday',
    at: (day: string, time: string) => `${day}, ${time}`,
    seconds: (s: number) => `${s} s`,
    minutes: (min: number, s: number) => (s ? `${min} min ${s} s` : `${min} min`),
    hours: (h: number, min: number) => (min ? `${h} h ${min} min` : `${h} h`),
  },

  colors: {
    cerulean: 'cerulean',
    madder: 'madder',
    moss: 'moss',
    violet: 'violet',
    ochre: 'ochre',
    mulberry: 'mulberry',
    verdigris: 'verdigris',
    rust: 'rust',
    indigo: 'indigo',
    rose: 'rose',
    olive: 'olive',
    umber: 'umber',
  },

  firstRun: {
    title: 'Work on one notebook, all of you, at once.',
    choose: { head: 'Choose a folder.', text: 'Notebooks and text files stay where they are.' },
    share: { head: 'Press Share.', text: 'Nobody can reach it before that.' },
    show: {
      head: 'Show the code.',
      text: 'People on your network open it in a browser: no account, no install.',
    },
    chooseFolder: 'Choose a folder',
    trySample: 'Try the sample folder',
    drop: 'Or drop a folder anywhere in this window.',
    nothingLeaves: 'Nothing leaves this network.',
  },

  sharing: {
    label: 'Sharing',
    private:
      'Only this computer can open this folder. Share it, and people on your network can edit it with you in their browser.',
    share: 'Share this folder',
    starting: 'Sharing…',
    stopping: 'Stopping…',
    firewall: [
      'Your system may ask whether Commonplace may accept connections. Choose ',
      'Allow',
      ' for private networks: without it, the link opens nowhere but here.',
    ],
    copyLink: 'Copy link',
    copied: 'Copied',
    notCopied: 'The link could not be copied. Select the address instead.',
    qr: (address: string) => `QR code of the link to ${address}`,
    portTaken: (port: number, other: number) => ({
      head: `Port ${port} is taken`,
      text: `by another program. Sharing on ${other} instead.`,
    }),
    noNetwork: {
      head: 'This computer is on no network.',
      text: 'Connect to Wi-Fi or open a hotspot, then share.',
    },
    privateShort: 'Private',
    sharedWith: (n: number) => (n ? `Shared with ${people(n)}` : 'Shared'),
  },

  folder: {
    label: 'Folders',
    none: 'None yet.',
    add: 'Add folder',
    open: 'Open folder',
    openLab: 'Open in JupyterLab',
    openDocument: (name: string) => `Open ${name}`,
    remove: 'Remove from the list',
    away: 'Not there',
    typePath: 'Path of the folder on the host’s computer',
    missing: {
      head: 'The folder is not there.',
      text: 'Its disk may be unplugged. It comes back by itself.',
    },
    empty: 'This folder has no notebooks or text files yet.',
    readOnly: { head: 'You may read this folder, not write it.', text: 'Guests can view only.' },
    drop: (name: string) => `Drop to add ${name}`,
  },

  host: {
    starting: 'Starting…',
    cannotStart: 'Commonplace could not start.',
    unknown: 'The log in the terminal says more.',
    away: { head: 'The host does not answer.', text: 'It is tried again by itself.' },
    refused: (status: number) => `The host refused this request (${status}).`,
    notDone: 'That did not work.',
  },

  summary: {
    label: 'Summary',
    private: 'Private',
    noDocuments: 'No documents open',
    documents: (n: number) => `${count(n, 'document')} open`,
    edits: (n: number) => `${edits(n)} a minute`,
  },

  presence: {
    label: 'People',
    empty: 'Nobody yet. Send the link, or show the code.',
    you: (name: string) => `${name} (you)`,
    times: (name: string, n: number) => `${name} ×${n}`,
    idle: (minutes: number) => `idle ${minutes} min`,
    host: 'host',
    role: { view: 'view', edit: 'edit', run: 'run' },
    documents: (n: number) => count(n, 'document'),
    since: (time: string) => `since ${time}`,
    more: (n: number) => `+${n}`,
    moreNames: (names: string) => `Also here: ${names}`,
    writes: 'writes',
    joined: (names: string) => `${names} joined`,
    left: (names: string) => `${names} left`,
    others: (first: string, n: number) => `${first} and ${count(n, 'other')}`,
  },

  join: {
    over: (host: string) => `${host} shares a folder with you`,
    overStranger: 'A folder is shared with you',
    may: { view: 'You may read.', edit: 'You may edit.', run: 'You may edit and run code.' },
    name: 'Your name',
    color: 'Your colour',
    join: 'Join',
    joining: 'Joining…',
    note: 'Others see your name, colour and where you type. No account; nothing leaves this network.',
    badName: 'Type a name of 1 to 40 characters.',
    unreachable: 'The host’s computer does not answer. It may be asleep, or on another network.',
    tryAgain: 'Try again',
  },

  saving: {
    device: 'On this device',
    host: 'On the host',
    file: (time: string) => (time ? `In the file, ${time}` : 'In the file'),
    unsent: (n: number) => `${edits(n)} not on the host`,
    notInFile: 'Not in the file',
    readOnly: 'Read-only file',
    writing: 'Writing…',
    title: 'Where your edits are',
    inFile: (name: string) => `In the file ${name}`,
    now: 'now',
    soon: (last: string) => (last ? `in 1 s, last ${last}` : 'in 1 s'),
    waiting: (n: number) => `${edits(n)} to go`,
    safeWithHost: 'Safe from here on: the host has every edit in its log. The file follows by itself; ',
    safeKey: 'Ctrl S',
    safeKeyDoes: ' writes it now.',
    unsafe: 'Edits that are on this device only go over by themselves once the host answers.',
    allInFiles: 'Everything is in the files',
    notYet: (n: number) => `${count(n, 'file')} not written yet`,
    failed: (name: string, reason: string) => ({
      head: `${name} cannot be written.`,
      text: `${reason ? `${sentence(reason)} ` : ''}Your edits are safe on the host; it tries again by itself.`,
    }),
    saveFailed: 'The file could not be written.',
    whyNot: (reason: string) => `Not in the file: ${sentence(reason)}`,
    safe: 'Your edits are safe on the host.',
  },

  fileState: {
    goneShort: 'It was deleted on the host.',
    gone: (name: string) => ({ head: `${name} was deleted on the host.`, text: 'It is still here.' }),
    notAgain: (reason: string) => `It could not be written: ${sentence(reason)}`,
    saveAgain: 'Save here again',
    saving: 'Saving…',
    unreadable: (name: string, reason: string) => ({
      head: `${name} was changed on disk and cannot be read.`,
      text: `${sentence(reason)} It is left as it is; your edits are safe on the host.`,
    }),
    halfTyped: (reason: string) => ({
      head: 'This is no readable notebook yet.',
      text: `${sentence(reason)} What you type is safe on the host; the file follows once it can be read.`,
    }),
  },

  merge: {
    head: (name: string, times: number, away: boolean) => {
      const often = times > 1 ? ` ${times} times` : '';
      return away ? `${name} was changed on disk${often} while you were away, and merged.` : `${name} was changed on disk${often} and merged.`;
    },
    cells: (numbers: string, many: boolean) => `In ${many ? 'cells' : 'cell'} ${numbers} both wrote on one line; both texts are there.`,
    lines: (numbers: string, many: boolean) => `On ${many ? 'lines' : 'line'} ${numbers} both wrote; both texts are there.`,
    places: (n: number) => `In ${n} places both wrote on one line; both texts are there.`,
    changed: (n: number, part: 'cell' | 'line') => `${count(n, part)} changed`,
    added: (n: number, part: 'cell' | 'line') => `${count(n, part)} added`,
    removed: (n: number, part: 'cell' | 'line') => `${count(n, part)} removed`,
    kept: (n: number, part: 'cell' | 'line') =>
      `${count(n, part)} deleted on disk ${n === 1 ? 'is' : 'are'} kept, because somebody edits ${n === 1 ? 'it' : 'them'} here.`,
    typingKept: 'Nobody’s typing was lost.',
    showBoth: 'Show both',
    place: (cell: number | null, line: number | null) =>
      cell === null ? (line === null ? 'The text' : `Line ${line}`) : line === null ? `Cell ${cell}` : `Cell ${cell}, line ${line}`,
    of: (n: number, all: number) => `${n} of ${all}`,
    previous: 'Previous',
    next: 'Next',
    here: (by: string) => (by ? `Typed here, by ${by}` : 'Typed here'),
    you: 'you',
    disk: 'From the file on disk',
    empty: 'Nothing',
    keepThis: 'Keep this',
    keepHere: 'Keep what was typed here',
    keepDisk: 'Keep what the file has',
    keepBoth: 'Keep both',
    everyVersion: 'Every version stays in the history.',
    moved: 'This text has moved on since. Both originals are among the versions.',
    tooLong: 'This is too long to be shown here. Both originals are among the versions.',
    versions: 'Versions',
    keptHere: 'Kept what was typed here',
    keptDisk: 'Kept the file’s text',
    undo: 'Undo',
  },

  versions: {
    title: 'Versions',
    about: (name: string) => `Putting one back changes ${name} for everybody; what is there now stays as a version.`,
    aboutView: 'Kept before each save, and at each change by another program.',
    why: {
      saved: 'Before a save',
      here: 'Here, before a merge',
      disk: 'On disk, before a merge',
      restored: 'Before one was put back',
      checkpoint: 'Checkpoint',
      imported: 'From a Jupyter server’s history',
    },
    looking: 'Looking for versions…',
    none: 'None yet. One is kept before each save, and two when another program changed the file.',
    failed: 'The versions could not be listed.',
    again: 'Try again',
    download: 'Download',
    downloadOf: (time: string) => `Download the version of ${time}`,
    putBack: 'Put back',
    putBackOf: (time: string) => `Put back the version of ${time}`,
    puttingBack: 'Putting back…',
    notPutBack: 'It could not be put back.',
    back: (time: string) => `The version of ${time} is back`,
  },

  fileMenu: {
    label: 'More about this file',
    copy: 'Save a copy',
    versions: 'Versions',
    asText: 'Open as text',
    asNotebook: 'Open as notebook',
  },

  connection: {
    label: 'Connection',
    connecting: 'Connecting…',
    loading: 'Loading…',
    live: 'Live',
    reconnecting: 'Reconnecting…',
    off: 'Not connected',
    short: { head: 'Reconnecting…', text: 'Go on typing; your edits are kept on this device.' },
    long: (n: number) => ({
      head: 'The host’s computer does not answer.',
      text: n
        ? `It may be asleep. ${edits(n)} ${n === 1 ? 'waits' : 'wait'} on this device and ${n === 1 ? 'goes' : 'go'} over by ${n === 1 ? 'itself' : 'themselves'}.`
        : 'It may be asleep. What you type waits on this device and goes over by itself.',
    }),
    back: (mine: number) => ({
      head: 'Back.',
      text: mine ? `Your ${edits(mine)} ${mine === 1 ? 'is' : 'are'} on the host.` : 'You are connected again.',
    }),
    saveCopy: 'Save a copy',
    opening: (name: string) => `Opening ${name}…`,
  },

  viewOnly: {
    head: 'You may view, not edit.',
    text: (host: string) => `Copying works. Ask ${host} if you want to write.`,
    short: 'View only',
  },

  ends: {
    theHost: 'the host',
    removed: (host: string, folder: string) => ({
      title: 'You were removed',
      text: `${host} removed you from ${folder}. Nothing you typed before that is lost.`,
    }),
    stopped: (host: string) => ({ title: `${host} stopped sharing`, text: 'Everything that reached the host is in the files.' }),
    unsent: (n: number) => `${edits(n)} did not reach the host. Save a copy to keep ${n === 1 ? 'it' : 'them'}.`,
    gone: { title: 'This file is gone', text: 'It was moved or deleted.', files: 'All files' },
    broken: (name: string) => ({ title: `${name} is not a readable notebook.`, asText: 'Open as text' }),
    refused: (name: string) => ({ title: `${name} cannot be opened.` }),
    history: {
      title: 'The host has a new history of this file.',
      text: (n: number) =>
        n
          ? `${edits(n)} of yours ${n === 1 ? 'is' : 'are'} not in it. Save a copy first; then open the file as it is on the host.`
          : 'Open the file as it is on the host.',
      reload: 'Open it again',
    },
  },

  files: {
    label: 'Files',
    show: 'Files',
    back: 'Page',
    skip: 'Skip to the page',
    none: 'No file is open. Choose one on the left.',
    nonePhone: 'No file is open.',
    unopenable: 'This kind of file cannot be opened here.',
    download: 'Download',
    truncated: 'Only the first files are listed.',
    inside: (names: string) => `${names} inside`,
  },

  notebook: {
    code: 'Code',
    markdown: 'Markdown',
    raw: 'Raw',
    type: 'Cell type',
    cell: (kind: string, n: number, of: number) => `${kind} cell ${n} of ${of}`,
    here: (names: string, one: boolean) => `${names} ${one ? 'is' : 'are'} here`,
    addBelow: 'Add a cell below',
    delete: 'Delete the cell',
    cut: 'Cut the cell',
    copy: 'Copy the cell',
    paste: 'Paste a cell below',
    up: 'Move the cell up',
    down: 'Move the cell down',
    duplicate: 'Duplicate the cell',
    undo: 'Undo',
    redo: 'Redo',
    tools: 'Cell tools',
    deleted: 'Cell deleted',
    emptyMarkdown: 'Empty. Press Enter to write.',
    output: { text: 'Text output', error: 'Error', image: 'Image', table: 'Output', math: 'Formula', json: 'JSON' },
    moreLines: (n: number) => `Show ${n} more ${n === 1 ? 'line' : 'lines'}`,
    fewerLines: 'Show fewer lines',
    showAll: 'Show all',
    cannotShow: (mime: string) => `An output of type ${mime} is not shown here.`,
    noImage: 'image',
    done: 'done',
    toDo: 'to do',
  },

  text: {
    view: 'View',
    source: 'Text',
    both: 'Side by side',
    rendered: 'Rendered',
  },
};

// The words of coming in and of who may what: links, codes, knocks, roles, tokens. A part of index.ts, which says how all of
// them speak.
import { count } from '../count';

const people = (n: number) => count(n, 'person', 'people');
const role = { view: 'view', edit: 'edit', run: 'edit' } as const;
/** `123456` as people read it aloud. */
const spaced = (code: string) => (code.length === 6 ? `${code.slice(0, 3)} ${code.slice(3)}` : code);

export const access = {
  /** The window's two pages of a folder. */
  pages: { label: 'This folder', session: 'Session', events: 'Events', access: 'Access' },

  card: {
    code: 'Code to type',
    spaced,
    codeUntil: (time: string) => `another at ${time}`,
    noLink: 'There is no link at the moment; nobody new can come in without asking.',
    makeLink: 'New link',
    role: 'Who comes by the link may',
    roles: [
      { value: 'view' as const, label: 'View' },
      { value: 'edit' as const, label: 'Edit' },
    ],
    until: 'until',
    ask: 'Ask me before anyone joins',
    links: (n: number) => count(n, 'link'),
    fullScreen: 'Full screen',
  },

  poster: {
    label: (folder: string) => `How to join ${folder}`,
    open: 'Open this address in a browser',
    scan: 'or scan this',
    code: 'and type the code',
    codeUntil: (time: string) => `The code changes at ${time}.`,
    print: 'Print',
    close: 'Close',
  },

  links: {
    label: 'Links',
    about: 'The newest link that is live is the one on the card; the code to type leads to it.',
    none: 'No links. One is made when the folder is shared.',
    make: 'New link',
    unnamed: 'Link',
    name: 'Name, for you',
    role: 'May',
    most: 'For so many people',
    anyNumber: 'any number',
    badMost: 'Type a number from 1 to 999, or nothing.',
    until: 'Good until',
    create: 'Make the link',
    save: 'Save',
    cancel: 'Cancel',
    copy: 'Copy link',
    copyOf: (name: string) => `Copy link, ${name}`,
    copied: 'Copied',
    notCopied: 'It could not be copied.',
    private: 'Works while the folder is shared',
    more: (name: string) => `More about ${name}`,
    show: 'Show full screen',
    change: 'Change',
    end: 'End this link',
    present: 'on the card',
    asks: 'asks first',
    by: (uses: number, most: number | null) => (most === null ? (uses ? `${people(uses)} came by it` : 'nobody came by it yet') : `${uses} of ${most} used`),
    here: (n: number) => `${n} here now`,
    ended: { revoked: 'Taken back', expired: 'Its time is over', 'used-up': 'All its places are taken' },
    endHead: 'End this link?',
    endText: (n: number) => `${people(n)} came by it and ${n === 1 ? 'leaves' : 'leave'} with it.`,
    keep: 'Keep',
    ending: 'Ending…',
    endAnyway: 'End link',
  },

  until: {
    never: 'I stop',
    hour: 'in 1 hour',
    day: 'in 24 hours',
    week: 'in 7 days',
    at: (day: string, time: string) => `${day}, ${time}`,
    ends: (when: string) => `until ${when}`,
  },

  tokens: {
    label: 'API tokens',
    about: 'For Jupyter clients and scripts. Each opens this folder alone, with its role, while it is shared and on this computer.',
    none: 'None yet.',
    name: 'Name',
    make: 'New token',
    create: 'Make the token',
    end: 'End',
    endOf: (name: string) => `End the API token ${name}`,
    made: (when: string) => `made ${when}`,
    used: (when: string) => `last used ${when}`,
    neverUsed: 'never used',
    fresh: (name: string) => `The token of ${name}`,
    once: 'Copy it now: it is shown this once, and nobody can show it again.',
    copy: 'Copy token',
    done: 'Done',
  },

  devices: {
    label: 'Devices',
    about: 'They come in without asking.',
    forget: 'Forget',
    forgetOf: (name: string) => `Forget the device of ${name}`,
    since: (when: string) => `since ${when}`,
  },

  people: {
    more: (name: string) => `More about ${name}`,
    makeViewer: 'Make viewer',
    makeEditor: 'Make editor',
    remove: 'Remove from the folder',
    endToken: 'End the API token',
    removed: (when: string) => `removed ${when}`,
    wasRemoved: (name: string) => `${name} removed`,
    letBack: 'Let back in',
    letBackOf: (name: string) => `Let back in, ${name}`,
  },

  knock: {
    label: (name: string) => `${name} asks`,
    asks: {
      join: (folder: string, wants: keyof typeof role) => `asks to join ${folder}, to ${role[wants]}`,
      edit: (folder: string) => `asks to edit in ${folder}`,
      back: (folder: string, wants: keyof typeof role) => `asks to come back to ${folder}, to ${role[wants]}`,
    },
    waiting: (n: number, of: number) => `${n} of ${of} waiting`,
    compare: 'Let them in if their screen shows the same number.',
    compareEdit: 'Their screen shows the same number.',
    letIn: 'Let in',
    letInView: 'Let in to view',
    letEdit: 'Let edit',
    refuse: 'Refuse',
    remember: 'Remember this device for this folder',
    said: (name: string, asks: string, code: string) => `${name} ${asks}. Code ${code.split('').join(' ')}. Press F6 to answer.`,
    title: (name: string) => `${name} asks`,
  },

  /** The guest's page. */
  stranger: {
    title: 'A folder is shared here',
    text: 'Type the code from the host’s screen, or ask to join.',
    code: 'Code',
    go: 'Go on',
    checking: 'Looking…',
    noCode: 'Ask to join without a code',
    asking: 'You may come in once the host lets you in.',
    withCode: 'Type a code',
    badCode: 'That code does not fit. Look at the host’s screen again.',
    sixDigits: 'A code has six digits.',
    tooMany: 'Too many tries. Wait 60 s.',
  },

  join: {
    once: { view: (host: string) => `You may view once ${host} lets you in.`, edit: (host: string) => `You may edit once ${host} lets you in.` },
    ask: 'Ask to join',
    asking: 'Asking…',
  },

  wait: {
    title: (host: string) => `Waiting for ${host}`,
    text: (host: string) => `${host} sees the same number and lets you in. You can say it aloud.`,
    keep: 'Keep this page open. It goes on by itself.',
    asked: (time: string) => `asked ${time} ago`,
    stop: 'Stop asking',
    away: 'The host’s computer does not answer at the moment. It is tried again by itself.',
    code: (code: string) => `Your number: ${code.split('').join(' ')}`,
  },

  refused: {
    title: (host: string) => `${host} did not let you in`,
    text: (host: string) => `If that was a mistake, speak to ${host} and ask once more.`,
    again: 'Ask again',
    otherCode: 'Type another code',
  },

  over: {
    title: 'Nobody answered',
    text: (host: string) => `${host} may be away from the screen, or has stopped sharing. Ask once more, or type the code.`,
  },

  ended: {
    title: 'This link has ended',
    validUntil: (when: string) => `It was valid until ${when}.`,
    revoked: (when: string) => (when ? `It was taken back, ${when}.` : 'It was taken back.'),
    usedUp: 'As many people as it was for have come by it.',
    unknown: 'It was taken back or has run out.',
    then: (host: string) => `Ask ${host} for a new one, or type the code on the host’s screen.`,
    typeCode: 'Type a code',
  },

  removed: { back: 'Ask to come back' },

  /** A viewer who wants to write. */
  edit: {
    ask: 'Ask to edit',
    asking: 'Asking…',
    waiting: { head: 'You asked to edit.', text: (host: string, code: string) => `${host} sees ${code} and decides. Go on reading meanwhile.` },
    stop: 'Stop asking',
    refused: { head: (host: string) => `${host} did not let you edit.`, text: 'You may view, and copy.' },
    over: { head: 'Nobody answered.', text: 'You may view, and copy.' },
    now: { head: 'You may edit now.', text: '' },
    kept: (edits: string, one: boolean) => `${edits} did not reach the host; ${one ? 'it waits' : 'they wait'} here until you may edit.`,
  },
};

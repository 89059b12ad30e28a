// The editor for one shared text, in a cell or a whole page. Binds it to the text, to undo that is mine only, and to
// who is where; what keys mean beyond typing is told from outside.
import type { CaretPlace } from '../notebook/clipboard';
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, indentOnInput, indentUnit, type Language, syntaxHighlighting } from '@codemirror/language';
import { search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state';
import { drawSelection, EditorView, type KeyBinding, keymap, lineNumbers } from '@codemirror/view';
import { ySync, YSyncConfig, ySyncFacet } from 'y-codemirror.next';
import type * as Y from 'yjs';
import type { Presence } from '../../shared/collab/presence';
import { highlighter } from './language';
import { arrivedText, type Arrivals } from '../merge/arrived';
import { otherPeople } from './others';
import '../../shared/people.css';
import './code.css';

export interface EditorOptions {
  parent: HTMLElement;
  text: Y.Text;
  presence: Presence;
  arrivals: Arrivals;
  undo: Y.UndoManager;
  language: Language | null;
  mayEdit: boolean;
  /** What a screen reader calls it. */
  label: string;
  /** A whole page: line numbers, own scrolling, find. */
  page?: boolean;
  wrap: boolean;
  keys?: KeyBinding[];
  onfocus?: () => void;
}

export interface CodeEditor {
  view: EditorView;
  setLanguage(language: Language | null): void;
  setMayEdit(mayEdit: boolean): void;
  /** Scrolls to a line, counted from 1. */
  showLine(line: number): void;
  destroy(): void;
}

export function mountEditor(options: EditorOptions): CodeEditor {
  const { text, presence, undo, page = false } = options;
  const sync = new YSyncConfig(text, null);
  undo.addTrackedOrigin(sync);
  const language = new Compartment();
  const rights = new Compartment();
  const allow = (mayEdit: boolean): Extension => [
    EditorState.readOnly.of(!mayEdit),
    EditorView.editable.of(mayEdit),
    ...(mayEdit ? [Prec.highest(undoKeys(undo))] : []),
  ];
  const extensions: Extension[] = [
    Prec.highest(keymap.of(options.keys ?? [])),
    rights.of(allow(options.mayEdit)),
    ySyncFacet.of(sync),
    ySync,
    EditorView.domEventHandlers({
      beforeinput: (event) => {
        if (event.inputType === 'historyUndo') undo.undo();
        else if (event.inputType === 'historyRedo') undo.redo();
        else return false;
        event.preventDefault();
        return true;
      },
      focus: () => options.onfocus?.(),
    }),
    language.of(options.language ?? []),
    syntaxHighlighting(highlighter),
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    indentUnit.of('    '),
    EditorState.tabSize.of(4),
    EditorState.allowMultipleSelections.of(true),
    EditorView.contentAttributes.of({ 'aria-label': options.label, spellcheck: 'false', tabindex: '0' }),
    drawSelection(),
    ...(options.wrap ? [EditorView.lineWrapping] : []),
    ...(page ? [lineNumbers(), search({ top: true }), keymap.of(searchKeymap)] : []),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...(page ? [] : [indentWithTab])]),
    otherPeople(text, presence),
    arrivedText(text, options.arrivals),
    EditorView.updateListener.of((update) => {
      if (!update.view.hasFocus || !(update.selectionSet || update.focusChanged || update.docChanged)) return;
      const { ranges, main } = update.state.selection;
      // The shared text is behind this editor until the update is over.
      queueMicrotask(() => {
        presence.setCursors(text, ranges.map((range) => ({ anchor: range.anchor, head: range.head, primary: range === main })));
      });
    }),
  ];
  const view = new EditorView({ parent: options.parent, state: EditorState.create({ doc: text.toString(), extensions }) });
  return {
    view,
    setLanguage: (next) => view.dispatch({ effects: language.reconfigure(next ?? []) }),
    setMayEdit: (mayEdit) => view.dispatch({ effects: rights.reconfigure(allow(mayEdit)) }),
    showLine: (line) => {
      const { doc } = view.state;
      view.dispatch({ effects: EditorView.scrollIntoView(doc.line(Math.max(1, Math.min(line, doc.lines))).from, { y: 'center' }) });
    },
    destroy: () => {
      view.destroy();
      undo.removeTrackedOrigin(sync);
    },
  };
}

/** A handler, not a key map: with caps lock, Shift and `z` would be read as a plain `z`, and redo would undo. */
function undoKeys(undo: Y.UndoManager): Extension {
  return EditorView.domEventHandlers({
    keydown: (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return false;
      const key = event.key.toLowerCase();
      if (key === 'z' && !event.shiftKey) undo.undo();
      else if (key === 'z' || key === 'y') undo.redo();
      else return false;
      event.preventDefault();
      return true;
    },
  });
}

/** Puts the caret where the pointer was, or at the end. */
export function placeCaret(view: EditorView, at: CaretPlace): void {
  view.focus();
  const { length } = view.state.doc;
  const position = at === 'start' ? 0 : at === 'end' ? length : 'offset' in at ? Math.min(at.offset, length) : view.posAtCoords(at, false);
  view.dispatch({ selection: { anchor: position }, scrollIntoView: typeof at === 'string' });
}

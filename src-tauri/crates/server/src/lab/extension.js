// An extension of JupyterLab. A host that is away is told without a dialog, which would take the keys that somebody types. And for
// those who may only look, editors take no typing, and commands that change a notebook are greyed out: the host refuses their
// changes in any case; this keeps the page from pretending.
(() => {
  const AWAY = 'The host does not answer. What you type stays in this page and goes over when it is back: keep the page open.';
  const NOTE =
    'position: fixed; right: 16px; bottom: 40px; max-width: 26rem; padding: 12px 16px; z-index: 10000; pointer-events: none;' +
    'color: var(--jp-ui-font-color1); background: var(--jp-layout-color1); border: 1px solid var(--jp-warn-color1);' +
    'border-radius: 4px; box-shadow: var(--jp-elevation-z6); font: var(--jp-ui-font-size1)/1.4 var(--jp-ui-font-family)';
  const page = () => JSON.parse(document.getElementById('jupyter-config-data').textContent);
  const BARRED =
    /^notebook:(cut-|paste-|delete-|insert-|move-cell|merge-|split-|change-cell|undo|redo|duplicate-|clear-|run-|restart-|replace-|trust|render-all|enter-edit|create-)/;
  let shared;

  /** A package that the page has loaded already. */
  const loaded = async (name) => {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  };

  /** Says that the host is away until it answers. JupyterLab's own notifications would have to be loaded from it first. */
  const away = async () => {
    const note = document.createElement('div');
    note.setAttribute('role', 'status');
    note.style.cssText = NOTE;
    document.body.append(note);
    note.textContent = AWAY;
    const answers = () => fetch(`${page().baseUrl}api`).then((answer) => answer.ok, () => false);
    do await new Promise((resolve) => setTimeout(resolve, 2000));
    while (!(await answers()));
    note.remove();
  };

  /** In the place of JupyterLab's own dialog. */
  const connection = async () => {
    const { IConnectionLost } = await loaded('@jupyterlab/application');
    let told;
    const tell = async () => {
      told ??= away().finally(() => (told = undefined));
    };
    return { id: '@commonplace/lab:connection', autoStart: true, provides: IConnectionLost, activate: () => tell };
  };

  const looking = async () => {
    const { EditorExtensionRegistry, IEditorExtensionRegistry } = await loaded('@jupyterlab/codemirror');
    const { EditorState, Transaction } = await loaded('@codemirror/state');
    // What others type comes without the name of a user's event.
    const lookOnly = EditorState.changeFilter.of((change) => change.annotation(Transaction.userEvent) === undefined);
    return [
      {
        id: '@commonplace/lab:editors',
        autoStart: true,
        requires: [IEditorExtensionRegistry],
        activate: (_app, registry) =>
          registry.addExtension({
            name: 'commonplace-look-only',
            factory: () => EditorExtensionRegistry.createImmutableExtension(lookOnly),
          }),
      },
      {
        id: '@commonplace/lab:commands',
        autoStart: true,
        activate: ({ commands }) => {
          const { isEnabled, execute } = commands;
          commands.isEnabled = (id, args) => !BARRED.test(id) && isEnabled.call(commands, id, args);
          commands.execute = (id, args) => (BARRED.test(id) ? Promise.resolve() : execute.call(commands, id, args));
          // A cell that is dragged to another place.
          const stop = (event) => event.target.closest?.('.jp-Notebook') && event.stopImmediatePropagation();
          document.addEventListener('lm-drop', stop, true);
        },
      },
    ];
  };

  const container = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const found = [await connection(), ...(page().role === 'view' ? await looking() : [])];
      return () => ({ __esModule: true, default: found });
    },
  };
  (window._JUPYTERLAB ??= {})['@commonplace/lab'] = container;
})();

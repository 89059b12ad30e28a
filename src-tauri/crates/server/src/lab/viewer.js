// An extension of JupyterLab for those who may only look: editors take no typing, and commands that change a notebook are
// greyed out. The host refuses their changes in any case; this keeps the page from pretending.
(() => {
  const BARRED =
    /^notebook:(cut-|paste-|delete-|insert-|move-cell|merge-|split-|change-cell|undo|redo|duplicate-|clear-|run-|restart-|replace-|trust|render-all|enter-edit|create-)/;
  let shared;

  /** A package that the page has loaded already. */
  const loaded = async (name) => {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  };

  const plugins = async () => {
    const { EditorExtensionRegistry, IEditorExtensionRegistry } = await loaded('@jupyterlab/codemirror');
    const { EditorState, Transaction } = await loaded('@codemirror/state');
    // What others type comes without the name of a user's event.
    const lookOnly = EditorState.changeFilter.of((change) => change.annotation(Transaction.userEvent) === undefined);
    return [
      {
        id: '@commonplace/viewer:editors',
        autoStart: true,
        requires: [IEditorExtensionRegistry],
        activate: (_app, registry) =>
          registry.addExtension({
            name: 'commonplace-look-only',
            factory: () => EditorExtensionRegistry.createImmutableExtension(lookOnly),
          }),
      },
      {
        id: '@commonplace/viewer:commands',
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
      const found = await plugins();
      return () => ({ __esModule: true, default: found });
    },
  };
  (window._JUPYTERLAB ??= {})['@commonplace/viewer'] = container;
})();

import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const noTauri = {
  patterns: [{ group: ['@tauri-apps/*'], message: 'Only src/shared/host/tauri.ts speaks to the shell.' }],
};

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/bindings/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      'max-lines': ['error', 400],
      'no-restricted-properties': [
        'error',
        {
          object: 'crypto',
          property: 'randomUUID',
          message: 'It does not exist on plain http; use getRandomValues.',
        },
      ],
      'no-restricted-imports': ['error', noTauri],
      'no-undef': 'off',
      // Two declared words for one thing; what reads better may stand.
      '@typescript-eslint/unified-signatures': 'off',
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  { files: ['src/shared/host/tauri.ts'], rules: { 'no-restricted-imports': 'off' } },
);

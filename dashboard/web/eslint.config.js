import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['static/vendor/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'array-callback-return': 'error',
      eqeqeq: 'error',
      'no-shadow': 'error',
      'no-var': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  // A script, so that the browser runs it before the first paint.
  { files: ['static/theme-early.js'], languageOptions: { sourceType: 'script' } },
];

import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importDirections } from './eslint/import-directions.js';

const environment = 'Configuration is read once, by runtime/env: take it from there.';

export default defineConfig(
  globalIgnores(['**/dist/', '**/coverage/', '.mediaworks/']),
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly', setInterval: 'readonly' } },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.tests.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { mediaworks: { rules: { 'import-directions': importDirections } } },
    rules: {
      'mediaworks/import-directions': 'error',
      eqeqeq: 'error',
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: environment }],
      'no-restricted-imports': [
        'error',
        {
          paths: ['process', 'node:process'].map((name) => ({
            name,
            importNames: ['env'],
            message: environment,
          })),
        },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // `(x) => doIt(x)` and numbers in texts are clear as they are.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // It does not see what other functions change while this one waits: `while (!stopping)`.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Ours are made by functions and use no `this`; classes are few.
      '@typescript-eslint/unbound-method': 'off',
      // `() => void queue.add(job)` says that the promise, or whatever it is, is not waited for.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // `[...text]` is how to walk a text by code points.
      '@typescript-eslint/no-misused-spread': 'off',
      // Node's own types and their users' disagree on what is an instance.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // File formats are made of control characters.
      'no-control-regex': 'off',
      // tsc asks for the brackets where a name comes from an index signature.
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  {
    // The two that are there to read the environment, and what runs only to test and measure.
    files: [
      'packages/{runtime,local-stack}/src/**/*.ts',
      '**/*.test.ts',
      '**/{test,testing}/**/*.ts',
      '{tests,bench}/**/*.ts',
    ],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-imports': 'off' },
  },
);

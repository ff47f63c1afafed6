import { fileURLToPath } from 'node:url';
import javascript from '@eslint/js';
import graphql from '@graphql-eslint/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import typescript from 'typescript-eslint';

const here = fileURLToPath(import.meta.resolve('.'));

// Run from the parent folder, so that the documents in frontend-queries/ can be linted.
export default defineConfig([
  globalIgnores(['web/node_modules/', 'web/src/generated/']),
  {
    files: ['web/**/*.js'],
    extends: [javascript.configs.recommended],
  },
  {
    files: ['web/**/*.{ts,tsx}'],
    extends: [javascript.configs.recommended, typescript.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: here } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off', // noUncheckedIndexedAccess requires it for indexes within known bounds
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
    },
  },
  {
    files: ['frontend-queries/**/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: {
        graphQLConfig: { schema: 'schema/schema.graphql', documents: 'frontend-queries/**/*.graphql' },
      },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/operations-recommended'].rules,
      // Lists of values without an identity (scores, intervals, events by type) have no id.
      '@graphql-eslint/require-selections': 'off',
      // Names need no prefix for the kind of operation; a fragment's name ends in Fields.
      '@graphql-eslint/naming-convention': 'off',
    },
  },
]);

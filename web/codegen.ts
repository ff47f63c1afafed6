import { createHash } from 'node:crypto';
import type { CodegenConfig } from '@graphql-codegen/cli';

// From the committed schema and documents alone: no server has to run.
const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  documents: '../frontend-queries/**/*.graphql',
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: {
        fragmentMasking: false,
        // The bare digest: what `extensions.persistedQuery.sha256Hash` carries. Our server reads persisted.json.
        persistedDocuments: { hashAlgorithm: (text: string) => createHash('sha256').update(text).digest('hex') },
      },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { Date: 'string', DateTime: 'string', ID: 'string' },
        useTypeImports: true,
      },
    },
  },
};

export default config;

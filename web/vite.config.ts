import { defineConfig } from 'vite';

// The Python server serves the result under static/, possibly behind a prefix, so all URLs are relative.
export default defineConfig({
  base: './',
  publicDir: false,
  build: {
    outDir: '../server/static',
    emptyOutDir: true,
    target: 'es2022',
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 5000, // size of the editor
    rolldownOptions: {
      input: { dashboard: 'dashboard.html', graphiql: 'graphiql.html' },
      // "use client" has no effect here, and hundreds of warnings would hide a relevant one
      checks: { moduleLevelDirective: false },
    },
  },
  worker: { format: 'es' },
});

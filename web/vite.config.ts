import { defineConfig } from 'vite';

// The Python server serves the result under static/ of whatever prefix it lives behind: all addresses are relative.
export default defineConfig({
  base: './',
  publicDir: false,
  build: {
    outDir: '../server/static',
    emptyOutDir: true,
    target: 'es2022',
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 5000, // the editor alone is that big
    rolldownOptions: {
      input: { dashboard: 'dashboard.html', graphiql: 'graphiql.html' },
      // "use client" means nothing here, and hundreds of warnings would hide a real one
      checks: { moduleLevelDirective: false },
    },
  },
  worker: { format: 'es' },
});

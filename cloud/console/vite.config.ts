// Builds the script of HQ's overview into one file, which the node serves beside its page (page-routes.ts): it watches through the kit's client, as the stores'
// pages do. Not minified: whoever runs the node may read what it serves.
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname + '/app',
  logLevel: 'warn',
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    modulePreload: false,
    minify: false,
    target: 'es2022',
    rollupOptions: {
      input: import.meta.dirname + '/app/overview.js',
      output: { entryFileNames: 'overview.js', codeSplitting: false },
    },
  },
})

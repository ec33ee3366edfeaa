// Builds the manager's page into three files with fixed names, which the node serves itself (page.ts): no other host is asked, no cache is trusted.
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname + '/app',
  base: '/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    modulePreload: false,
    target: 'es2022',
    rollupOptions: {
      output: { entryFileNames: 'page.js', assetFileNames: 'page[extname]', codeSplitting: false },
    },
  },
})

/**
 * Build of the dashboard: one page with one script and one style sheet, both as files of their own, so that a
 * strict content security policy (no inline script or style) can stand.
 */
import { defineConfig } from 'vite'

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: false,
    emptyOutDir: true,
    reportCompressedSize: false,
  },
  // `vite services/dashboard` for work on the page itself: data from a controller or from dev/main.ts
  server: {
    proxy: { '/v1': process.env.FORESCALE_URL ?? 'http://127.0.0.1:8080' },
  },
})

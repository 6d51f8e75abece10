/**
 * The one Content-Security-Policy of the window, for both shells (as a header) and the built page (as a meta element, which
 * holds even if a header were lost). Nothing from elsewhere, nothing inline, no eval; 'wasm-unsafe-eval' lets the
 * WebAssembly of the reference engine compile and allows no JavaScript to be made from strings.
 */
const directives: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'style-src': "'self'",
  'img-src': "'self' blob: data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'object-src': "'none'",
  'frame-ancestors': "'none'",
};

const join = (names: readonly string[]): string => names.map((name) => `${name} ${directives[name]}`).join('; ');

export const CONTENT_SECURITY_POLICY = join(Object.keys(directives));

/** Without frame-ancestors, which browsers ignore (with a warning) in a meta element. */
export const META_CONTENT_SECURITY_POLICY = join(Object.keys(directives).filter((name) => name !== 'frame-ancestors'));

/** Headers that every answer of either shell carries. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), display-capture=()',
};

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  wasm: 'application/wasm',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
};

/** By the name's extension; null for kinds that the window never asks for. */
export function contentType(path: string): string | null {
  return contentTypes[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? null;
}

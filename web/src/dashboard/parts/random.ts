/** Return a random idempotency key. `crypto.randomUUID` is unavailable on pages without TLS. */
export function randomKey(): string {
  return `page-${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

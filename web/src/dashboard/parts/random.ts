/** A key nobody else makes; `crypto.randomUUID` is missing where a page comes without TLS. */
export function randomKey(): string {
  return `page-${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

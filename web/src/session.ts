/** Storage of the API key in the browser tab's session, shared by all pages of this server. */

const SLOT = 'judgesmith.key';

export function storedKey(): string {
  return sessionStorage.getItem(SLOT) ?? '';
}

export function storeKey(key: string): void {
  sessionStorage.setItem(SLOT, key.trim());
}

export function forgetKey(): void {
  sessionStorage.removeItem(SLOT);
}

/** The API key, kept as long as the browser tab lives, for all pages of this server. */

const SLOT = 'judgesmith.key';

export function storedKey(): string {
  return sessionStorage.getItem(SLOT) ?? '';
}

export function keepKey(key: string): void {
  sessionStorage.setItem(SLOT, key.trim());
}

export function forgetKey(): void {
  sessionStorage.removeItem(SLOT);
}

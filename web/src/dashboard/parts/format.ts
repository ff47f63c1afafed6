/** Numbers, moments and names as people read them. A dash stands where there is nothing. */

export const NONE = '–';

const whole = new Intl.NumberFormat('en');

export function count(value: number): string {
  return whole.format(value);
}

/** A count with its noun: `1 label`, `2,000 labels`. */
export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

export function decimal(value: number | null | undefined, digits = 2): string {
  return value == null ? NONE : minus(value.toFixed(digits));
}

export function signed(value: number | null | undefined, digits = 2): string {
  if (value == null) return NONE;
  const text = value.toFixed(digits);
  return minus(Number(text) === 0 ? text.replace('-', '') : `${value > 0 ? '+' : ''}${text}`);
}

/** A point of a scale: without the zeros that say nothing. */
export function points(value: number | null | undefined): string {
  return value == null ? NONE : minus(String(Number(value.toFixed(3))));
}

export function percent(share: number | null | undefined, digits = 0): string {
  return share == null ? NONE : `${minus((share * 100).toFixed(digits))}\u00a0%`; // one word, never broken
}

function minus(text: string): string {
  return text.replace('-', '−');
}

/** `FULL_RETRAIN` as `full retrain`. */
export function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}

/** The same with a capital. */
export function title(name: string): string {
  const text = words(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const days = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
const times = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

export function moment(at: string | null | undefined): string {
  return at ? unbroken(moments.format(new Date(at))) : NONE;
}

export function day(at: string | null | undefined): string {
  return at ? unbroken(days.format(new Date(at))) : NONE;
}

/** From when to when, by days: `from Jan 5, 2026 to Jan 20, 2026`, or `on Jan 5, 2026`. */
export function span({ earliest, latest }: { earliest: string | null; latest: string | null }): string {
  const [first, last] = [day(earliest), day(latest)];
  return first === last ? `on ${first}` : `from ${first} to ${last}`;
}

/** One word, never broken at the end of a line. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

export function time(at: string): string {
  return times.format(new Date(at));
}

/** A duration in seconds, as coarse as people say it. */
export function duration(seconds: number): string {
  if (seconds < 0.95) return 'less than 1 s';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

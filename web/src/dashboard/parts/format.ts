/** Formats of numbers, times and names. A dash stands for a missing value. */

export const NONE = '–';

const integers = new Intl.NumberFormat('en');
const scalePoints = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });

/** The reader's time zone, such as `Europe/Berlin`. */
export const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function count(value: number): string {
  return integers.format(value);
}

/** Format a count with its noun: `1 label`, `2,000 labels`. */
export function plural(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

export function decimal(value: number | null | undefined, digits = 2): string {
  return value == null ? NONE : minus(fixed(value, digits));
}

export function signed(value: number | null | undefined, digits = 2): string {
  if (value == null) return NONE;
  const text = fixed(value, digits);
  return minus(Number(value.toFixed(digits)) === 0 ? text.replace('-', '') : `${value > 0 ? '+' : ''}${text}`);
}

/** Format a point of a scale without trailing zeros. */
export function points(value: number | null | undefined): string {
  return value == null ? NONE : minus(scalePoints.format(value));
}

export function percent(share: number | null | undefined, digits = 0): string {
  return share == null ? NONE : `${minus(fixed(share * 100, digits))}%`;
}

function fixed(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function minus(text: string): string {
  return text.replace('-', '−');
}

/** Format the name of an enum value: `FULL_RETRAIN` as `full retrain`. */
export function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}

/** Format the name of an enum value with a capital. */
export function title(name: string): string {
  const text = words(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const dateTimes = new Intl.DateTimeFormat('en', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  timeZoneName: 'short',
});
const days = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
const times = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

export function dateTime(at: string | null | undefined): string {
  return at ? withoutBreaks(dateTimes.format(new Date(at))) : NONE;
}

export function day(at: string | null | undefined): string {
  return at ? withoutBreaks(days.format(new Date(at))) : NONE;
}

/** Format a range of days: `from Jan 5, 2026 to Jan 20, 2026`, or `on Jan 5, 2026`. */
export function dateSpan({ earliest, latest }: { earliest: string | null; latest: string | null }): string {
  const [first, last] = [day(earliest), day(latest)];
  return first === last ? `on ${first}` : `from ${first} to ${last}`;
}

/** Replace spaces by no-break spaces. */
function withoutBreaks(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** Format a time of day in the reader's time zone, without naming the zone. */
export function time(at: string): string {
  return times.format(new Date(at));
}

/** Format a duration in seconds, rounded to a suitable unit. */
export function duration(seconds: number): string {
  if (seconds < 0.95) return 'less than 1 s';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

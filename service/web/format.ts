/**
 * How values are written. What is unknown is "—", never 0. Numbers keep three significant digits, since no
 * rate or average that is shown is known better; amounts are exact.
 */

export const UNKNOWN = '—';

/** Keeps a number and its unit on one line. */
const SPACE = '\u00a0';
const LARGE_UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'] as const;
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
/** Numbers below are written with a power of ten. */
const SMALLEST_PLAIN = 1e-6;
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
const YEAR_S = 365.25 * DAY_S;

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number with groups of three: "12,345". */
export function count(value: number | null): string {
  return value === null ? UNKNOWN : WHOLE.format(value);
}

/** Three significant digits: "0.00123", "45.6", "789"; "1.2 × 10⁻⁸" where zeros would have to be counted. */
export function significant(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  if (value === 0) return '0';
  if (Math.abs(value) < SMALLEST_PLAIN) return scientific(value);
  // 0.9996 is 1.00: what it is rounded to decides how many decimals it has.
  const size = Math.abs(Number(value.toPrecision(3)));
  if (size >= 1_000) return WHOLE.format(value);
  return value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size))));
}

function scientific(value: number): string {
  const [digits = '', exponent = ''] = value.toExponential(2).split('e');
  const power = [...String(Math.abs(Number(exponent)))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `${trimZeros(digits)}${SPACE}×${SPACE}10${Number(exponent) < 0 ? '⁻' : ''}${power}`;
}

/** A quantity with the prefix that leaves one to three digits before the point: "3.21 MH/s", "12.3 k". */
export function scaled(value: number | null, unit = ''): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  let steps = 0;
  let rest = Math.abs(value);
  // 999.6 would be rounded to 1000.
  while (rest >= 999.5 && steps < LARGE_UNITS.length - 1) {
    rest /= 1_000;
    steps += 1;
  }
  const sign = value < 0 ? '-' : '';
  const suffix = `${LARGE_UNITS[steps] ?? ''}${unit}`;
  return suffix === '' ? `${sign}${significant(rest)}` : `${sign}${significant(rest)}${SPACE}${suffix}`;
}

/** "3.21 MH/s" */
export function hashRate(hashesPerSecond: number | null): string {
  return scaled(hashesPerSecond, 'H/s');
}

/** The number of a quantity that was typed in, as "3.2 MH/s", "500k" or "1,000"; undefined where it is none. */
export function parseScaled(text: string): number | undefined {
  const match = /^\s*([\d,_ ]*\.?\d+(?:e[+-]?\d{1,2})?)\s*([kKMGTPEZY]?)(?:h(?:\/s)?)?\s*$/i.exec(text);
  if (match === null) return undefined;
  const value = Number((match[1] ?? '').replace(/[,_ ]/g, ''));
  const prefix = match[2] ?? '';
  const steps = LARGE_UNITS.findIndex((unit) => unit.toLowerCase() === prefix.toLowerCase());
  return Number.isFinite(value) ? value * 1_000 ** steps : undefined;
}

/** A part of one as a percentage: "98.2 %"; small parts stay visible as "< 0.1 %". */
export function percent(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return UNKNOWN;
  const value = fraction * 100;
  if (value !== 0 && Math.abs(value) < 0.1) return `<${SPACE}0.1${SPACE}%`;
  return `${Math.abs(value) >= 99.95 || value === 0 ? WHOLE.format(value) : value.toFixed(1)}${SPACE}%`;
}

/** A span of time in at most two units: "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h", "1.2 million years". */
export function duration(seconds: number | null): string {
  if (seconds === null || Number.isNaN(seconds)) return UNKNOWN;
  const whole = Math.round(seconds);
  if (seconds > 0 && whole < 1) return `<${SPACE}1${SPACE}s`;
  if (whole < MINUTE_S) return `${whole}${SPACE}s`;
  if (whole < HOUR_S) return twoUnits(whole, MINUTE_S, 'min', 1, 's');
  if (whole < DAY_S) return twoUnits(whole, HOUR_S, 'h', MINUTE_S, 'min');
  if (whole < 2 * YEAR_S) return twoUnits(whole, DAY_S, 'd', HOUR_S, 'h');
  const years = seconds / YEAR_S;
  if (years >= 1e9) return 'longer than anybody will wait';
  return years < 1e6 ? `${count(years)} years` : `${significant(years / 1e6)} million years`;
}

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string) {
  const rest = Math.floor((seconds % large) / small);
  const first = `${Math.floor(seconds / large)}${SPACE}${largeName}`;
  return rest === 0 ? first : `${first} ${rest}${SPACE}${smallName}`;
}

/** A span of time in one unit, for what is an estimate anyway: "45 s", "3 min", "2 h", "12 d". */
export function roughDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds) || seconds >= 2 * YEAR_S) return duration(seconds);
  const round = (unit: number) => Math.max(1, Math.round(seconds / unit)) * unit;
  if (seconds < MINUTE_S) return duration(seconds);
  if (seconds < 90 * MINUTE_S) return duration(round(MINUTE_S));
  return duration(seconds < 2 * DAY_S ? round(HOUR_S) : round(DAY_S));
}

/** A moment as seen from now: "just now", "12 s ago", "in 3 min". Both in seconds since 1970. */
export function relativeTime(time: number | null, now: number): string {
  if (time === null) return UNKNOWN;
  const distance = Math.abs(now - time);
  if (distance < 1.5) return 'just now';
  const span = roughDuration(distance);
  return time <= now ? `${span} ago` : `in ${span}`;
}

/** A moment exactly, in the reader's zone or the given one: "2026-11-21 04:33:14 UTC". */
export function exactTime(time: number, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    ...(timeZone !== undefined && { timeZone }),
  }).formatToParts(new Date(time * 1_000));
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')}`;
}

/** "14:05" of the reader's zone. */
export function clockTime(time: number, withSeconds = false): string {
  const date = new Date(time * 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** A countdown: "02:05", "1:00:00"; never below zero. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / HOUR_S);
  const rest = `${two(Math.floor((whole % HOUR_S) / MINUTE_S))}:${two(whole % MINUTE_S)}`;
  return hours === 0 ? rest : `${hours}:${rest}`;
}

/** A long text with its middle left out: "0000a1b2…c3d4e5f6". Short texts stay whole. */
export function shortened(text: string, head = 8, tail = 8): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/**
 * An exact amount, given in its smallest units: "1,234.50". At least two decimals, and as many as it has.
 * @param decimals how many decimals the smallest unit is
 */
export function amount(units: string | bigint | null, decimals = 8): string {
  if (units === null) return UNKNOWN;
  const value = BigInt(units);
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, '0');
  const whole = digits.slice(0, -decimals).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(-decimals).replace(/0+$/, '').padEnd(2, '0');
  return `${value < 0n ? '-' : ''}${whole}.${fraction}`;
}

/** The window that a number is about: "1 min", "24 h". Says how much of it is there when it is not full. */
export function windowName(seconds: number, coveredSeconds: number | null = null): string {
  const name = windowSpan(seconds);
  if (coveredSeconds === null || coveredSeconds >= seconds * 0.95) return name;
  return `${duration(coveredSeconds)} of ${name}`;
}

function windowSpan(seconds: number): string {
  if (seconds < HOUR_S) return duration(seconds);
  return seconds <= 2 * DAY_S ? `${seconds / HOUR_S}${SPACE}h` : duration(seconds);
}

/** "1 share", "2 shares" */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)}${SPACE}${value === 1 ? one : many}`;
}

function trimZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

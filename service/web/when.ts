/** Moments on a page: relative, the exact one on hover, and kept up to date together. */
import { h } from './element.ts';
import { countdown, exactTime, relativeTime, UNKNOWN } from './format.ts';

const TICK_MS = 1_000;

/** How far the server's clock is ahead of ours, in seconds: what it calls now is now. */
let aheadSeconds = Number.NaN;

/** A clock that was set back by more than this is believed. */
const LONGEST_DELAY_S = 60;

/**
 * Takes the server's word for what time it was when it answered. The answer may have taken its time, so the
 * word of the quickest one counts.
 */
export function setServerTime(seconds: number): void {
  const ahead = seconds - Date.now() / 1_000;
  const isQuicker = Number.isNaN(aheadSeconds) || ahead > aheadSeconds;
  if (isQuicker || aheadSeconds - ahead > LONGEST_DELAY_S) aheadSeconds = ahead;
}

/** Seconds since 1970 by the server's clock. */
export function nowSeconds(): number {
  return Date.now() / 1_000 + (Number.isNaN(aheadSeconds) ? 0 : aheadSeconds);
}

/** "12 s ago", with the exact moment on hover. For what has happened: it is never in the future. */
export function when(time: number | null): HTMLElement {
  if (time === null) return h('span', { class: 'unknown' }, UNKNOWN);
  const attributes = { datetime: new Date(time * 1_000).toISOString(), title: exactTime(time) };
  return h('time', { ...attributes, 'data-moment': time }, pastTime(time, nowSeconds()));
}

function pastTime(time: number, now: number): string {
  return relativeTime(Math.min(time, now), now);
}

/** "02:05", counting down to a moment. */
export function untilThen(time: number): HTMLElement {
  const attributes = { datetime: new Date(time * 1_000).toISOString(), title: exactTime(time) };
  return h(
    'time',
    { ...attributes, 'data-until': time, role: 'timer', 'aria-live': 'off' },
    countdown(time - nowSeconds()),
  );
}

/** Keeps every moment on the page up to date, once a second. */
export function startClock(root: ParentNode): void {
  setInterval(() => {
    const now = nowSeconds();
    for (const element of root.querySelectorAll<HTMLElement>('[data-moment], [data-until]')) {
      const { moment, until } = element.dataset;
      const text = moment !== undefined ? pastTime(Number(moment), now) : countdown(Number(until) - now);
      if (element.textContent !== text) element.textContent = text;
    }
  }, TICK_MS);
}

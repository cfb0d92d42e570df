/** Moments on a page: relative, the exact one on hover, and kept up to date together. */
import { h } from './element.ts';
import { countdown, exactTime, relativeTime, UNKNOWN } from './format.ts';

const TICK_MS = 1_000;

/** How far the server's clock is ahead of ours, in seconds: what it calls now is now. */
let aheadSeconds = 0;

/** Takes the server's word for what time it is; a second's difference is the way it took. */
export function setServerTime(seconds: number): void {
  const ahead = seconds - Date.now() / 1_000;
  if (Math.abs(ahead - aheadSeconds) > 1) aheadSeconds = ahead;
}

/** Seconds since 1970 by the server's clock. */
export function nowSeconds(): number {
  return Date.now() / 1_000 + aheadSeconds;
}

/** "12 s ago", with the exact moment on hover. */
export function when(time: number | null): HTMLElement {
  if (time === null) return h('span', { class: 'unknown' }, UNKNOWN);
  const attributes = { datetime: new Date(time * 1_000).toISOString(), title: exactTime(time) };
  return h('time', { ...attributes, 'data-moment': time }, relativeTime(time, nowSeconds()));
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
      const text = moment !== undefined ? relativeTime(Number(moment), now) : countdown(Number(until) - now);
      if (element.textContent !== text) element.textContent = text;
    }
  }, TICK_MS);
}

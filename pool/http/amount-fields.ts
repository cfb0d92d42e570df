export { type AmountFields, amountFields } from '../../protocol/amount-fields.ts';

/** A time in JSON: seconds since 1970, to the millisecond; null where it is unknown. */
export function secondsOf(timeMs: number | undefined | null): number | null {
  return timeMs === undefined || timeMs === null ? null : timeMs / 1000;
}

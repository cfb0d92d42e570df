/** Time of day is what is compared with headers and recorded with shares. */
export { type Clock, systemClock } from '../service/clock.ts';

/** The two clocks a service needs. Passed in, so that tests can set them. */
export interface Clock {
  /** Time of day in milliseconds since 1970 (UTC), for what is recorded or told to others. May jump. */
  wallMs(): number;
  /** Milliseconds since some moment, for ages and pauses. Never goes back. */
  steadyMs(): number;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
};

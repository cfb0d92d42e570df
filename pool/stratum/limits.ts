/** What one client, and all of them together, may take. Each limit has a setting and a counter. */
export interface StratumLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Messages of one connection; who talks faster is read slower. */
  readonly messagesPerSecond: number;
  /** Messages of all connections from one address. */
  readonly messagesPerSecondPerAddress: number;
  /** A reader this far behind is closed rather than kept in memory. */
  readonly backlogBytes: number;
  /** Until a worker is authorised, a connection without a valid request for this long is closed. */
  readonly loginMs: number;
  /** A connection that has no authorised worker after this long is closed, whatever it says. */
  readonly authorizeMs: number;
  /** An authorised connection that says nothing for this long is closed. */
  readonly silenceMs: number;
  /** How long a client with mostly invalid shares is banned for the first time; 0 bans nobody. */
  readonly banMs: number;
}

export const DEFAULT_LIMITS: StratumLimits = {
  connections: 10_000,
  connectionsPerAddress: 256,
  messagesPerSecond: 100,
  messagesPerSecondPerAddress: 2_000,
  backlogBytes: 64 * 1024,
  loginMs: 30_000,
  authorizeMs: 300_000,
  silenceMs: 600_000,
  banMs: 600_000,
};

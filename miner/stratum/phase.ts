/** How far a client has come with its pool. */
import type { Session } from './session.ts';

/** Each phase holds what exists only during it. Times are those of the client's clock. */
export type Phase =
  | { readonly name: 'idle' }
  /** For the next attempt. */
  | { readonly name: 'waiting'; readonly untilMs: number }
  | { readonly name: 'connecting'; readonly untilMs: number }
  | {
      readonly name: 'subscribing';
      readonly requestId: number;
      readonly untilMs: number;
      readonly session: Session;
    }
  | {
      readonly name: 'authorizing';
      readonly requestId: number;
      readonly untilMs: number;
      readonly session: Session;
    }
  | { readonly name: 'mining'; readonly sinceMs: number; readonly session: Session }
  /** Waiting for the answers to the last shares. */
  | { readonly name: 'stopping'; readonly untilMs: number; readonly session: Session }
  | { readonly name: 'stopped' };

/** What all views live on: the faucet's state, asked for again and again. */
import { PolledFeed } from '../../service/web/polled-feed.ts';
import { type FaucetState, readState } from './answers.ts';

export const STATE_INTERVAL_MS = 5_000;

export class FaucetFeed extends PolledFeed<FaucetState> {
  constructor() {
    super({ url: '/state', read: readState, intervalMs: STATE_INTERVAL_MS });
  }
}

import type { Clock } from '../../service/clock.ts';
import type { AnswerCounters } from '../../service/http-server/http-app.ts';
import type { ClientRates } from '../../service/http-server/rate-limit.ts';
import type { ClaimDesk } from '../claims/claim-desk.ts';
import type { FaceCounters } from './counters.ts';
import type { ProofDesk } from './proof-desk.ts';

/** What the answers are made of. */
export interface FaceView {
  readonly desk: ClaimDesk;
  readonly proof: ProofDesk;
  readonly clock: Clock;
  readonly explorerUrl: string | undefined;
  readonly counters: FaceCounters;
  readonly answers: AnswerCounters;
  readonly rates: { readonly reads: ClientRates; readonly writes: ClientRates };
}

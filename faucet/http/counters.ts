import type { TokenCounters } from '../../service/http-server/admin-guard.ts';
import type { RefusalAnswerCode } from './refusal-answer.ts';

/** What the HTTP port counts, since the start. */
export interface FaceCounters extends TokenCounters {
  /** Claims that were taken. */
  claims: number;
  /** Challenges and claims that were refused, by code. */
  readonly refusals: Map<RefusalAnswerCode, number>;
  /** Connections refused because their address had as many open as it may. */
  refusedConnections: number;
}

export function newFaceCounters(): FaceCounters {
  return { claims: 0, refusals: new Map(), refusedConnections: 0, wrongTokens: 0, limitedTokens: 0 };
}

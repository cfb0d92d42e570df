/** What the HTTP port counts of its own limits, since the start. */
export interface HttpCounters {
  /** Requests with a wrong admin token, and those of them that were told to wait. */
  wrongTokens: number;
  limitedTokens: number;
  /** Requests refused because of what they asked: parameters, bodies, paths, methods. */
  badRequests: number;
  /** Connections refused because their address had as many open as it may. */
  refusedConnections: number;
}

export function newHttpCounters(): HttpCounters {
  return { wrongTokens: 0, limitedTokens: 0, badRequests: 0, refusedConnections: 0 };
}

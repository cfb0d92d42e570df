/** What connections count, with what each count means; every one begins at zero with the process. */
export const CONNECTION_COUNTERS = {
  opened: 'connections let in',
  refused_full: 'refused: the pool has as many connections as it may',
  refused_address: 'refused: their address has as many as it may',
  refused_rate: 'refused: their address is over its message rate already',
  refused_banned: 'refused: their address is banned',
  refused_not_allowed: 'refused: their address is not among those that are let in',
  refused_proxy_header: 'refused: a listed proxy did not say whom it speaks for',
  refused_path: 'upgrades to a path or protocol that does not exist',
  refused_handshake: 'refused: no valid WebSocket handshake',
  closed_tls: 'closed: no valid TLS',
  closed_proxy_header: 'closed: a PROXY header from an address that is no listed proxy',
  closed_silent: 'closed: nothing valid was said for too long',
  closed_unauthorized: 'closed: talked for too long without authorising a worker',
  closed_garbage: 'closed: too many lines in a row that are no messages',
  closed_long_line: 'closed: a line over the limit',
  closed_binary_frame: 'closed: a binary WebSocket frame',
  closed_bad_frame: 'closed: a WebSocket frame that breaks RFC 6455',
  closed_slow_reader: 'closed: too much was waiting to be read',
  closed_banned: 'closed: mostly invalid shares',
  closed_resumed: 'closed: the miner resumed its session on another connection',
  closed_by_us: 'closed: for another reason of ours, which was logged',
  slowed_connection: 'times a connection was read slower: its message rate was over the limit',
  slowed_address: 'times a connection was read slower: its address was over the limit',
  slowed_answers: 'times a connection was read slower: too many of its shares waited to be stored',
} as const satisfies Record<string, string>;

export type ConnectionCounter = keyof typeof CONNECTION_COUNTERS;

/** All counters at zero. */
export function newConnectionCounters(): Record<ConnectionCounter, number> {
  const zeros = Object.keys(CONNECTION_COUNTERS).map((name) => [name, 0]);
  return Object.fromEntries(zeros) as Record<ConnectionCounter, number>;
}

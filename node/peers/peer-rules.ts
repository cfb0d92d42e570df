import type { WireRule } from '../../protocol/peer-frame.ts';

/** One row of the table: what to do about the address, and what the log says. */
export interface PeerRuleFacts {
  /** It was no accident: the address is refused for a day. Being slow, old or of another network is none. */
  readonly discourage: boolean;
  readonly says: string;
}

const provablyWrong = (says: string): PeerRuleFacts => ({ discourage: true, says });
const unsuitable = (says: string): PeerRuleFacts => ({ discourage: false, says });

/** Every rule of the connection itself that a peer can break. Those of headers and blocks: node/sync. */
export const PEER_RULES = {
  // Bytes
  'wrong-magic': unsuitable('speaks for another network'),
  'bad-command': provablyWrong('name of a message is no text'),
  'oversized-message': provablyWrong('message is longer than its kind can be'),
  'bad-checksum': provablyWrong('payload does not match its checksum'),
  'malformed-message': provablyWrong('payload is not what its kind asks for'),

  // Handshake
  'message-before-version': unsuitable('first message is not version'),
  'duplicate-version': unsuitable('sent version twice'),
  'obsolete-version': unsuitable('protocol version is too old'),
  'missing-services': unsuitable('does not offer whole blocks with witnesses'),
  'self-connection': unsuitable('is this node itself'),
  'handshake-timeout': unsuitable('handshake took too long'),

  // Liveness
  'slow-message': unsuitable('a message did not arrive in time'),
  'ping-timeout': unsuitable('ping was not answered'),
  'not-reading': unsuitable('did not read what was sent to it'),

  // Room
  'held-too-much': unsuitable('unfinished messages and queues of all peers took too much memory'),
  evicted: unsuitable('gave way to another inbound peer'),

  'feeler-done': unsuitable('it answers, which is all we wanted to know'),

  // The operator's word
  banned: unsuitable('address was banned'),
  'disconnect-requested': unsuitable('was asked for by RPC'),
  'network-inactive': unsuitable('peer network was switched off'),
  'node-stopping': unsuitable('this node stops'),
  'internal-error': unsuitable('this node failed over a message'),
} satisfies Record<WireRule, PeerRuleFacts> & Record<string, PeerRuleFacts>;

export type PeerRule = keyof typeof PEER_RULES;

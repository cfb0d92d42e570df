/** A peer of simulated nodes that does what a test says. */
import type { PeerFacts, PeerId, RelayedMessage } from '../../node/peers/peer-network.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import type { Header } from '../../protocol/header.ts';
import { blockHash } from '../../protocol/header.ts';
import type { KitBlock } from './chain-kit.ts';
import type { Endpoint, Link } from './simulated-network.ts';

type Answer = (message: RelayedMessage, peer: ScriptedPeer) => void;

/** Keeps what it is sent, and answers as it was told to. */
export class ScriptedPeer implements Endpoint {
  readonly received: RelayedMessage[] = [];
  isConnected = false;
  readonly height: number;
  readonly #answer: Answer;
  #side: { readonly id: PeerId; readonly link: Link } | undefined;

  /** @param height what it says its chain has */
  constructor(answer: Answer = () => undefined, height = 1_000_000) {
    this.#answer = answer;
    this.height = height;
  }

  up({ id }: PeerFacts, link: Link): void {
    this.#side = { id, link };
    this.isConnected = true;
  }

  down(): void {
    this.isConnected = false;
  }

  message(_from: PeerId, message: RelayedMessage): void {
    this.received.push(message);
    this.#answer(message, this);
  }

  send(message: RelayedMessage): void {
    if (this.isConnected) this.#side?.link.send(this.#side.id, message);
  }

  /** What it was sent of one type. */
  of<T extends RelayedMessage['type']>(type: T): Extract<RelayedMessage, { type: T }>[] {
    const isOfType = (message: RelayedMessage): message is Extract<RelayedMessage, { type: T }> =>
      message.type === type;
    return this.received.filter(isOfType);
  }
}

/** Answers getheaders from a branch as a node would: up to 2,000 headers after the first hash it knows. */
export function headersAfter(message: RelayedMessage, branch: readonly KitBlock[]): Header[] {
  if (message.type !== 'getheaders') return [];
  const headers = branch.map(({ block }) => block.header);
  for (const hash of message.locator) {
    const at = headers.findIndex((header) => equalBytes(blockHash(header), hash));
    if (at >= 0) return headers.slice(at + 1, at + 2_001);
  }
  return headers.slice(0, 2_000);
}

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import type { PeerNetwork, RelayedMessage } from '../../../node/peers/peer-network.ts';
import { Answers } from '../../../node/sync/answers.ts';
import type { PooledTransaction, ServedItem } from '../../../node/sync/sync-event.ts';
import { hashKey } from '../../../protocol/bytes.ts';
import { INVENTORY } from '../../../protocol/peer-message.ts';

const PEER = 1;

/** A peer that reads so many messages before its queue is full. */
class SlowNetwork implements Pick<PeerNetwork, 'send' | 'drained'> {
  readonly sent: RelayedMessage[] = [];
  room: number;
  readonly #waits = new EventEmitter();
  #drain: () => void = () => undefined;

  constructor(room: number) {
    this.room = room;
  }

  /** Resolves when the queue is full and somebody waits for room, however often they let others have a turn before. */
  async full(): Promise<void> {
    await once(this.#waits, 'wait');
  }

  send(_peer: number, message: RelayedMessage): boolean {
    if (this.room === 0) return false;
    this.room -= 1;
    this.sent.push(message);
    return true;
  }

  drained(): Promise<void> {
    this.#waits.emit('wait');
    return new Promise((resolve) => {
      this.#drain = resolve;
    });
  }

  read(room: number): void {
    this.room = room;
    this.#drain();
  }
}

const hashOf = (number: number) => new Uint8Array(32).fill(number);
const block = (number: number): ServedItem => ({
  kind: 'block',
  item: { kind: INVENTORY.witnessBlock, hash: hashOf(number) },
});

const transaction = (number: number): ServedItem => ({
  kind: 'transaction',
  item: { kind: INVENTORY.witnessTransaction, hash: hashOf(number) },
});

function answers(room: number, missing: readonly number[] = []) {
  const network = new SlowNetwork(room);
  const reads: number[] = [];
  const errors: unknown[] = [];
  const readBlock = async ([number = 0]: Uint8Array): Promise<Uint8Array | undefined> => {
    reads.push(number);
    if (number === 99) throw new Error('the disk fails');
    return missing.includes(number) ? undefined : Uint8Array.of(number);
  };
  let unpacked = 0;
  const pooled = {
    get transaction() {
      unpacked += 1;
      return 'a transaction';
    },
  } as unknown as PooledTransaction;
  const made = new Answers({
    chain: { readBlock },
    mempool: { get: (key) => (key === hashKey(hashOf(7)) ? pooled : undefined) },
    network: network as unknown as PeerNetwork,
    onError: (error) => errors.push(error),
  });
  return { made, network, reads, errors, unpacked: () => unpacked };
}

test('blocks are read only as fast as the peer reads them', async () => {
  const { made, network, reads } = answers(2);
  const full = network.full();
  made.add(PEER, [1, 2, 3, 4, 5].map(block));
  const done = made.under(PEER);
  await full;
  assert.deepEqual(reads, [1, 2, 3], 'the third one waits for room');
  network.read(10);
  await done;
  assert.equal(network.sent.length, 5);
  assert.equal(made.under(PEER), undefined);
});

test('a transaction that is asked for again and again is unpacked only as fast as the peer reads it', async () => {
  const { made, network, unpacked } = answers(2);
  const full = network.full();
  made.add(
    PEER,
    Array.from({ length: 50_000 }, () => transaction(7)),
  );
  await full;
  assert.equal(unpacked(), 3, 'the third one waits for room');
  const fullAgain = network.full();
  network.read(4);
  await fullAgain;
  assert.equal(unpacked(), 7);
  made.forget(PEER);
});

test('a transaction that has left the mempool meanwhile is named in the end', async () => {
  const { made, network } = answers(10);
  made.add(PEER, [transaction(8), transaction(7)]);
  await made.under(PEER);
  assert.deepEqual(
    network.sent.map(({ type }) => type),
    ['tx', 'notfound'],
  );
});

test('what cannot be read after all is named in the end', async () => {
  const { made, network } = answers(10, [2]);
  made.add(PEER, [1, 2, 3].map(block));
  await made.under(PEER);
  assert.deepEqual(
    network.sent.map(({ type }) => type),
    ['block', 'block', 'notfound'],
  );
});

test('what is asked for meanwhile comes after it', async () => {
  const { made, network } = answers(1);
  const full = network.full();
  made.add(PEER, [block(1), block(2)]);
  await full;
  made.add(PEER, [{ kind: 'message', message: { type: 'notfound', items: [] } }, block(3)]);
  assert.ok(made.waiting(PEER) >= 3);
  network.read(10);
  await made.under(PEER);
  assert.deepEqual(
    network.sent.map((message) => (message.type === 'block' ? message.bytes[0] : message.type)),
    [1, 2, 3],
  );
});

test('nothing more is read for a peer that is gone', async () => {
  const { made, network, reads } = answers(1);
  const full = network.full();
  made.add(PEER, [1, 2, 3, 4].map(block));
  const done = made.under(PEER);
  await full;
  made.forget(PEER);
  network.read(10);
  await done;
  assert.deepEqual(reads, [1, 2]);
  assert.equal(network.sent.length, 1);
});

test('a disk that fails ends this answer and is reported', async () => {
  const { made, errors } = answers(10);
  made.add(PEER, [block(99), block(1)]);
  await made.under(PEER);
  assert.equal(errors.length, 1);
  assert.equal(made.under(PEER), undefined);
});

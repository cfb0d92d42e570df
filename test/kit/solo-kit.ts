/** What mining on a node needs in tests: a listener that notes everything, and hits found by trying. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import type { MinerEvent } from '../../miner/event.ts';
import { type Hit, headerOfWork, type Work } from '../../miner/hashing/work.ts';
import { createNodeSource, type NodeSourceOptions } from '../../miner/solo/node-source.ts';
import type { SourceListener, SourceTools, WorkSource } from '../../miner/source/work-source.ts';
import { encodeAddress } from '../../protocol/address.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { meetsTarget } from '../../protocol/work.ts';
import { FakeNode } from './fake-node.ts';

/** Who is paid in these tests. */
export const PAYEE_SCRIPT: Uint8Array = p2wpkhScript(new Uint8Array(20).fill(7));

/** The address of {@link PAYEE_SCRIPT} on a network. */
export function payeeAddress(hrp = 'dnilz'): string {
  return encodeAddress(PAYEE_SCRIPT, { hrp }) ?? '';
}

/** A source's tools with numbers that can be foretold. */
export function soloTools(): SourceTools {
  let serial = 0;
  let chance = 0;
  return {
    nextSerial: () => ++serial,
    nowMs: () => performance.now(),
    unixMs: Date.now,
    random: () => {
      chance = (chance + 0.318_309_886) % 1;
      return chance;
    },
  };
}

/** Notes what a source tells, and waits for it. */
export class NotingListener implements SourceListener {
  readonly events: MinerEvent[] = [];
  readonly works: (Work | undefined)[] = [];
  readonly settled: number[] = [];
  /** Called within every event. */
  alsoTell: (event: MinerEvent) => void = () => {};
  readonly #news = new EventEmitter().setMaxListeners(0);

  onWork(work: Work | undefined): void {
    this.works.push(work);
    this.#news.emit('news');
  }

  /** How long the rests were to last, in order. */
  readonly rests: number[] = [];

  onRest(withinMs: number): void {
    this.rests.push(withinMs);
    this.onWork(undefined);
  }

  onSettled(thread: number): void {
    this.settled.push(thread);
    this.#news.emit('news');
  }

  onEvent(event: MinerEvent): void {
    this.events.push(event);
    this.alsoTell(event);
    this.#news.emit('news');
  }

  /** What the threads would work on now. */
  get work(): Work | undefined {
    return this.works.at(-1);
  }

  /** Events of one type, in order. */
  of<T extends MinerEvent['type']>(type: T): Extract<MinerEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<MinerEvent, { type: T }> => event.type === type);
  }

  /** Waits until something holds; looks whenever there is news. */
  async until<T>(look: () => T | undefined | false): Promise<T> {
    for (;;) {
      const seen = look();
      if (seen !== undefined && seen !== false) return seen;
      await once(this.#news, 'news');
    }
  }

  /** The count-th event of a type, 1 being the first. */
  event<T extends MinerEvent['type']>(type: T, count = 1): Promise<Extract<MinerEvent, { type: T }>> {
    return this.until(() => this.of(type)[count - 1]);
  }

  /** Work on another block than that before. */
  nextWork(before: Work | undefined = undefined): Promise<Work> {
    return this.until(() => (this.work?.serial === before?.serial ? undefined : this.work));
  }
}

/** A header of a work that meets its target; at the fake node's difficulty it takes two tries. */
export function solve(work: Work, { from = 0, thread = 0 } = {}): Hit {
  for (let nonce = from; nonce < from + 1_000_000; nonce++) {
    const hit: Hit = {
      serial: work.serial,
      thread,
      extranonce2: new Uint8Array(work.extranonce2Size),
      ntime: work.job.time,
      nonce,
      versionBits: 0,
    };
    if (meetsTarget(hashHeaderBytes(headerOfWork(work, hit)), work.target)) return hit;
  }
  return assert.fail('no nonce meets the target');
}

/** A nonce that does not. */
export function miss(work: Work): Hit {
  for (let nonce = 0; ; nonce++) {
    const hit = { ...solve(work), nonce };
    if (!meetsTarget(hashHeaderBytes(headerOfWork(work, hit)), work.target)) return hit;
  }
}

export interface SoloRig {
  readonly node: FakeNode;
  readonly listener: NotingListener;
  readonly source: WorkSource;
}

/** A fake node and a source on it, started. */
export async function startSolo(
  context: TestContext,
  { node: given, ...options }: Partial<NodeSourceOptions> & { readonly node?: FakeNode } = {},
): Promise<SoloRig> {
  const node = given ?? (await FakeNode.start());
  const listener = new NotingListener();
  const source = createNodeSource(
    {
      place: {
        url: `http://127.0.0.1:${node.port}`,
        shown: `gbt+http://127.0.0.1:${node.port}`,
        credentials: { user: 'user', password: 'hush' },
      },
      user: `${payeeAddress()}.rig`,
      backOff: { firstDelayMs: 5, maxDelayMs: 20 },
      ...options,
    },
    soloTools(),
    listener,
  );
  context.after(async () => {
    await source.stop();
    await node.stop();
  });
  source.start();
  return { node, listener, source };
}

/** What tests of peers share: chance that repeats, addresses, and raw sockets that speak the protocol badly or well. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { NO_PEERS, type OpenPeers, openPeers, type PeerSettings } from '../../../node/peers/open-peers.ts';
import type { PeerListener, RelayedMessage } from '../../../node/peers/peer-network.ts';
import type { Random } from '../../../node/random.ts';
import { openNodeDatabase } from '../../../node/storage/node-database.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { FrameReader } from '../../../protocol/peer-frame.ts';
import {
  decodePeerPayload,
  encodePeerMessage,
  maxPayloadBytes,
  type PeerMessage,
  type PeerMessageOf,
  type PeerMessageType,
  type VersionPayload,
} from '../../../protocol/peer-message.ts';
import { createLogger } from '../../../service/log.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

export const PROFILE = PROFILES.regtest;
export const { magic: MAGIC } = PROFILE;

/** The same numbers every time (mulberry32). */
export function seededRandom(seed = 1): Random {
  let state = seed;
  const word = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    fraction: () => word() / 2 ** 32,
    u64: () => (BigInt(word()) << 32n) | BigInt(word()),
  };
}

const NOBODY = { services: 0n, ip: new Uint8Array(16), port: 0 };

export function versionOf(changes: Partial<VersionPayload> = {}): PeerMessageOf<'version'> {
  return {
    type: 'version',
    version: 70_016,
    services: 9n,
    timeSeconds: 1_795_132_800n,
    receiver: NOBODY,
    sender: NOBODY,
    nonce: 77n,
    userAgent: '/test:1.0/',
    startHeight: 5,
    relay: true,
    ...changes,
  };
}

/** A line of the log. */
export interface LogLine {
  readonly msg: string;
  readonly rule?: string;
  readonly detail?: string;
  readonly peer?: string;
  readonly discouraged?: boolean;
  readonly level: number;
}

/** Open peers that note what happens. */
export interface TestPeers {
  readonly peers: OpenPeers;
  readonly port: number;
  readonly log: LogLine[];
  /** What the listener was told, in order. */
  readonly heard: (['up' | 'down', number] | ['message', number, RelayedMessage])[];
  /** Resolves as soon as the condition holds: looked at with every line of the log and everything heard. */
  readonly until: (condition: () => boolean) => Promise<void>;
}

/** Peers of a node of its own, on a free port of this machine, that end with the test. */
export async function startTestPeers(
  context: TestContext,
  settings: Partial<PeerSettings> = {},
  listener: Partial<PeerListener> = {},
  directory?: string,
): Promise<TestPeers> {
  const database = await openNodeDatabase(directory ?? (await temporaryDirectory(context)), 16);
  const log: LogLine[] = [];
  const heard: TestPeers['heard'] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const wake of [...waiting]) wake();
  };
  const peers = await openPeers({
    settings: { ...NO_PEERS, listen: { ip: '127.0.0.1', port: 0 }, ...settings },
    profile: PROFILE,
    database,
    height: () => 3,
    log: createLogger({
      name: 'test',
      level: 'debug',
      pretty: false,
      destination: {
        write: (line) => {
          log.push(JSON.parse(line));
          look();
        },
      },
    }),
  });
  await peers.start({
    up: (facts) => {
      heard.push(['up', facts.id]);
      listener.up?.(facts);
      look();
    },
    down: (id) => {
      heard.push(['down', id]);
      listener.down?.(id);
      look();
    },
    message: (id, message) => {
      heard.push(['message', id, message]);
      look();
      return listener.message?.(id, message);
    },
    wantsBlock: (id) => listener.wantsBlock?.(id) ?? false,
    progress: () => undefined,
  });
  let isOver = false;
  const stop = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    await peers.stop();
    await database.close();
  };
  context.after(stop);
  return {
    peers: { ...peers, stop },
    port: peers.listening()?.port ?? 0,
    log,
    heard,
    until: (condition) =>
      new Promise((resolve) => {
        const wake = (): void => {
          if (!condition()) return;
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
        wake();
      }),
  };
}

/** The other end of a connection, as a test wants it to behave. */
export class RawPeer {
  readonly socket: Socket;
  readonly received: PeerMessage[] = [];
  /** Bytes that came, whatever they meant. */
  receivedBytes = 0;
  readonly closed: Promise<void>;
  readonly #reader = new FrameReader({ magic: MAGIC, maxPayloadBytes });
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        for (const wake of this.#waiting) wake();
      });
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#take(chunk));
  }

  static async connect(context: TestContext, port: number): Promise<RawPeer> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const peer = new RawPeer(socket);
    context.after(() => socket.destroy());
    return peer;
  }

  /** Connects and completes the handshake. */
  static async introduced(
    context: TestContext,
    port: number,
    changes: Partial<VersionPayload> = {},
  ): Promise<RawPeer> {
    const peer = await RawPeer.connect(context, port);
    peer.send(versionOf(changes));
    await peer.next('verack');
    peer.send({ type: 'verack' });
    return peer;
  }

  send(message: PeerMessage): void {
    this.write(encodePeerMessage(MAGIC, message));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next message of a type, which is taken away with all before it. */
  async next<T extends PeerMessageType>(type: T): Promise<PeerMessageOf<T>> {
    for (;;) {
      const at = this.received.findIndex((message) => message.type === type);
      if (at >= 0) return this.received.splice(0, at + 1)[at] as PeerMessageOf<T>;
      if (this.socket.destroyed) throw new Error(`closed before ${type} came`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  /** Resolves when all that was sent before has been handled. */
  async settled(nonce = 4_711n): Promise<void> {
    this.send({ type: 'ping', nonce });
    while ((await this.next('pong')).nonce !== nonce);
  }

  #take(chunk: Uint8Array): void {
    this.receivedBytes += chunk.length;
    this.#reader.push(chunk);
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      const message = frame.payload && decodePeerPayload(frame.command, frame.payload);
      if (message) this.received.push(message);
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

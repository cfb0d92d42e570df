/**
 * A small Stratum pool over real TCP for tests of miners. It checks every share by its own
 * arithmetic on `node:crypto`, sharing no code with the miner, and does what a test tells it.
 */
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A request of a miner. */
export interface MockRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly connection: MockConnection;
}

/** What the pool made of a submission. */
export interface MockShare {
  readonly verdict:
    | 'accepted'
    | 'duplicate'
    | 'low-difficulty'
    | 'unknown-job'
    | 'version-bits'
    | 'malformed';
  readonly jobId: string;
  readonly extranonce2: string;
  /** The sixth parameter; undefined if there was none. */
  readonly versionBits: string | undefined;
  /** Of the header, as a number. */
  readonly hash: bigint;
  readonly connection: MockConnection;
}

export interface MockPoolOptions {
  readonly difficulty?: number;
  readonly extranonce2Size?: number;
  /** Bits that miners may roll (BIP 310), as far as they can; without it mining.configure is an unknown method. */
  readonly versionMask?: number;
  /** Port to listen on; 0 picks a free one. */
  readonly port?: number;
  /**
   * Handles a request instead of the pool: return true if nothing more is to be done.
   * Tests make the pool misbehave by it.
   */
  readonly intercept?: (request: MockRequest) => boolean;
  /** Called with every new connection, before anything was received. */
  readonly onConnection?: (connection: MockConnection) => void;
}

interface MockPoolEvents {
  connection: [MockConnection];
  request: [MockRequest];
  share: [MockShare];
  disconnect: [MockConnection];
}

/** The fields of mining.notify. */
type JobParams = readonly [
  jobId: string,
  previousHash: string,
  coinbase1: string,
  coinbase2: string,
  branch: readonly string[],
  version: string,
  bits: string,
  time: string,
  clean: boolean,
];

/** One miner at the pool. */
export class MockConnection {
  readonly socket: Socket;
  readonly extranonce1: string;
  isAuthorized = false;
  isClosed = false;
  /** The last mask that the miner was sent; undefined while it rolls no versions. */
  versionMask: number | undefined;
  /** Jobs this miner was given, with the target of their shares. */
  readonly jobs = new Map<string, { readonly params: JobParams; readonly target: bigint }>();

  constructor(socket: Socket, extranonce1: string) {
    this.socket = socket;
    this.extranonce1 = extranonce1;
  }

  /** Sends bytes as they are. */
  write(bytes: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  send(message: unknown): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  notify(method: string, ...params: readonly unknown[]): void {
    this.send({ id: null, method, params });
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Starts a mock pool on the loopback interface. */
export async function startMockPool(options: MockPoolOptions = {}): Promise<MockPool> {
  const pool = new MockPool(options);
  await pool.listen();
  return pool;
}

export class MockPool {
  readonly events = new EventEmitter<MockPoolEvents>();
  /** Every submission so far. */
  readonly shares: MockShare[] = [];
  readonly connections: MockConnection[] = [];
  difficulty: number;
  readonly #options: MockPoolOptions;
  readonly #server = createServer((socket) => this.#accept(socket));
  readonly #seen = new Set<string>();
  #jobCount = 0;

  constructor(options: MockPoolOptions) {
    this.#options = options;
    this.difficulty = options.difficulty ?? 1e-6;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#options.port ?? 0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `stratum+tcp://127.0.0.1:${this.port}`;
  }

  /** Resolves with the next event of a name that a condition holds for. */
  next<K extends keyof MockPoolEvents>(
    name: K,
    condition: (value: MockPoolEvents[K][0]) => boolean = () => true,
  ): Promise<MockPoolEvents[K][0]> {
    return new Promise((resolve) => {
      const listener = (value: MockPoolEvents[K][0]): void => {
        if (!condition(value)) return;
        this.events.off(name, listener as never);
        resolve(value);
      };
      this.events.on(name, listener as never);
    });
  }

  /** Sends a new job to every authorized miner; returns its id. */
  newJob(clean = true): string {
    this.#jobCount += 1;
    const jobId = `j${this.#jobCount}`;
    for (const connection of this.connections) {
      if (connection.isAuthorized && !connection.isClosed) this.#sendJob(connection, jobId, clean);
    }
    return jobId;
  }

  /** Sends every miner that rolls versions another mask. */
  setVersionMask(mask: number): void {
    for (const connection of this.connections) {
      if (connection.versionMask === undefined || connection.isClosed) continue;
      connection.versionMask = mask;
      connection.notify('mining.set_version_mask', hexWord(mask));
    }
  }

  /** Closes all connections and stops listening. */
  async stop(): Promise<void> {
    for (const connection of this.connections) connection.close();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #sendJob(connection: MockConnection, jobId: string, clean: boolean): void {
    const number = this.#jobCount.toString(16).padStart(8, '0');
    const params: JobParams = [
      jobId,
      sha256d(Buffer.from(`tip ${number}`)).toString('hex'),
      `01000000${'00'.repeat(32)}ffffffff${'11'.repeat(20)}${number}`,
      `ffffffff${'22'.repeat(40)}`,
      [1, 2, 3].map((i) => sha256d(Buffer.from(`branch ${number} ${i}`)).toString('hex')),
      '20000000',
      '1d00ffff',
      hexWord(Math.floor(Date.now() / 1000)),
      clean,
    ];
    if (clean) connection.jobs.clear();
    connection.jobs.set(jobId, { params, target: targetOf(this.difficulty) });
    connection.notify('mining.notify', ...params);
  }

  #accept(socket: Socket): void {
    const extranonce1 = (this.connections.length + 1).toString(16).padStart(8, '0');
    const connection = new MockConnection(socket, extranonce1);
    this.connections.push(connection);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connection.isClosed = true;
      this.events.emit('disconnect', connection);
    });
    this.events.emit('connection', connection);
    this.#options.onConnection?.(connection);
    const lines = createInterface({ input: socket });
    // The socket's own listener deals with its errors; this one only repeats them.
    lines.on('error', () => lines.close());
    lines.on('line', (line) => {
      const request = { ...(JSON.parse(line) as Omit<MockRequest, 'connection'>), connection };
      if (this.#options.intercept?.(request) !== true) this.#handle(request);
      this.events.emit('request', request);
    });
  }

  #handle({ id, method, params, connection }: MockRequest): void {
    switch (method) {
      case 'mining.subscribe': {
        const session = `s${connection.extranonce1}`;
        const size = this.#options.extranonce2Size ?? 4;
        connection.send({
          id,
          result: [
            [
              ['mining.set_difficulty', session],
              ['mining.notify', session],
            ],
            connection.extranonce1,
            size,
          ],
          error: null,
        });
        return;
      }
      case 'mining.authorize':
        connection.isAuthorized = true;
        connection.send({ id, result: true, error: null });
        connection.notify('mining.set_difficulty', this.difficulty);
        this.#jobCount += 1;
        this.#sendJob(connection, `j${this.#jobCount}`, true);
        return;
      case 'mining.submit': {
        const share = this.#check(connection, params);
        this.shares.push(share);
        const isAccepted = share.verdict === 'accepted';
        connection.send({
          id,
          result: isAccepted || null,
          error: isAccepted ? null : [20, share.verdict, null],
        });
        this.events.emit('share', share);
        return;
      }
      case 'mining.extranonce.subscribe':
        connection.send({ id, result: true, error: null });
        return;
      case 'mining.configure': {
        const mask = this.#options.versionMask;
        const [extensions, asked] = params as [string[], { 'version-rolling.mask': string }];
        if (mask === undefined || !extensions.includes('version-rolling')) break;
        connection.versionMask = (mask & Number.parseInt(asked['version-rolling.mask'], 16)) >>> 0;
        const granted = hexWord(connection.versionMask);
        const result = { 'version-rolling': true, 'version-rolling.mask': granted };
        connection.send({ id, result, error: null });
        return;
      }
    }
    if (id !== null && id !== undefined && method !== undefined) {
      connection.send({ id, result: null, error: [20, 'unknown method', null] });
    }
  }

  #check(connection: MockConnection, params: readonly unknown[]): MockShare {
    const [, jobId = '', extranonce2 = '', time = '', nonce = '', versionBits] = params as readonly string[];
    const share = { jobId, extranonce2, versionBits, hash: 0n, connection };
    const mask = connection.versionMask;
    const size = this.#options.extranonce2Size ?? 4;
    const isFormed =
      // The sixth is required once versions are rolled, and means nothing before (BIP 310).
      params.length === (mask === undefined ? 5 : 6) &&
      params.every((field) => typeof field === 'string') &&
      /^[0-9a-f]*$/.test(extranonce2 + time + nonce + (versionBits ?? '')) &&
      extranonce2.length === 2 * size &&
      time.length === 8 &&
      nonce.length === 8 &&
      (versionBits ?? '00000000').length === 8;
    if (!isFormed) return { ...share, verdict: 'malformed' };
    const job = connection.jobs.get(jobId);
    if (job === undefined) return { ...share, verdict: 'unknown-job' };
    const bits = Number.parseInt(versionBits ?? '0', 16);
    if ((bits & ~(mask ?? 0)) !== 0) return { ...share, verdict: 'version-bits' };
    const version = hexWord((Number.parseInt(job.params[5], 16) & ~(mask ?? 0)) | bits);
    const header = headerOf(job.params, connection.extranonce1, extranonce2, time, nonce, version);
    const hash = BigInt(`0x${sha256d(header).reverse().toString('hex')}`);
    if (hash > job.target) return { ...share, hash, verdict: 'low-difficulty' };
    const key = header.toString('hex');
    if (this.#seen.has(key)) return { ...share, hash, verdict: 'duplicate' };
    this.#seen.add(key);
    return { ...share, hash, verdict: 'accepted' };
  }
}

function sha256d(bytes: Uint8Array): Buffer {
  const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
  return sha256(sha256(bytes));
}

/** A u32 as Stratum writes it. */
function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** Target of a difficulty, in steps of a billionth. */
function targetOf(difficulty: number): bigint {
  const target = ((0xffffn << 208n) * 10n ** 12n) / BigInt(Math.round(difficulty * 1e12));
  return target < 2n ** 256n ? target : 2n ** 256n - 1n;
}

/** The 80 bytes of a header, put together as Stratum V1 describes it. */
function headerOf(
  job: JobParams,
  extranonce1: string,
  extranonce2: string,
  time: string,
  nonce: string,
  version: string,
): Buffer {
  const [, previousHash, coinbase1, coinbase2, branch, , bits] = job;
  let root = sha256d(Buffer.from(coinbase1 + extranonce1 + extranonce2 + coinbase2, 'hex'));
  for (const sibling of branch) root = sha256d(Buffer.concat([root, Buffer.from(sibling, 'hex')]));
  return Buffer.concat([
    Buffer.from(version, 'hex').swap32(),
    Buffer.from(previousHash, 'hex').swap32(),
    root,
    Buffer.from(time, 'hex').swap32(),
    Buffer.from(bits, 'hex').swap32(),
    Buffer.from(nonce, 'hex').swap32(),
  ]);
}

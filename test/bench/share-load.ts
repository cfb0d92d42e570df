/** Miners that hand in shares as fast as they are answered, each with a fixed number outstanding. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { hexWord, type NotifyParams, parseNotify } from '../../protocol/stratum.ts';
import { MINER_ADDRESS } from '../kit/pool-kit.ts';

const LINE_FEED = 0x0a;
const USER = `${MINER_ADDRESS}.bench`;
const ACCEPTED = Buffer.from('"result":true');

/** How the extranonce2 rolls: never (only the nonce does), or with every share. */
export type Rolling = 'nonce' | 'extranonce2';

export interface LoadResult {
  readonly shares: number;
  readonly elapsedMs: number;
  /** Time from writing a share to reading its answer, of every share. */
  readonly latenciesMs: Float64Array;
}

/** One connection of the load. */
class LoadMiner {
  readonly #socket: Socket;
  readonly #job: NotifyParams;
  #next = 0;

  private constructor(socket: Socket, job: NotifyParams) {
    this.#socket = socket;
    this.#job = job;
  }

  static async login(port: number): Promise<LoadMiner> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    socket.write(
      '{"id":1,"method":"mining.subscribe","params":["bench/1"]}\n' +
        `{"id":2,"method":"mining.authorize","params":["${USER}","x"]}\n`,
    );
    let text = '';
    let notify: RegExpMatchArray | null = null;
    while (notify === null) {
      text += String((await once(socket, 'data'))[0]);
      notify = text.match(/^.*"mining\.notify","params".*\n/m);
    }
    const { params } = JSON.parse(notify[0]) as { params: unknown[] };
    return new LoadMiner(socket, parseNotify(params));
  }

  /** Lines of submissions that were never made before, ready to be written. */
  prepare(count: number, rolling: Rolling): Buffer[] {
    const { jobId, time } = this.#job;
    const extranonce2 = hexToBytes('00000000');
    const view = new DataView(extranonce2.buffer);
    return Array.from({ length: count }, () => {
      const nonce = this.#next++;
      view.setUint32(0, rolling === 'nonce' ? 0 : nonce);
      const params = [USER, jobId, bytesToHex(extranonce2), hexWord(time), hexWord(nonce)];
      return Buffer.from(`${JSON.stringify({ id: nonce, method: 'mining.submit', params })}\n`);
    });
  }

  /** Sends the lines, `outstanding` at a time; puts the latency of each into `latenciesMs` from `offset` on. */
  run(
    lines: readonly Buffer[],
    outstanding: number,
    latenciesMs: Float64Array,
    offset: number,
  ): Promise<void> {
    const sentMs = new Float64Array(lines.length);
    let sent = 0;
    let answered = 0;
    const send = (count: number): void => {
      const from = sent;
      sent = Math.min(sent + count, lines.length);
      sentMs.fill(performance.now(), from, sent);
      if (sent > from)
        this.#socket.write(sent - from === 1 ? (lines[from] ?? '') : Buffer.concat(lines.slice(from, sent)));
    };
    return new Promise((accept, refuse) => {
      const onData = (chunk: Buffer): void => {
        const nowMs = performance.now();
        let news = 0;
        for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) {
          latenciesMs[offset + answered] = nowMs - (sentMs[answered] ?? 0);
          answered += 1;
          news += 1;
        }
        if (!chunk.includes(ACCEPTED)) refuse(new Error(`the pool says ${chunk.toString()}`));
        send(news);
        if (answered < lines.length) return;
        this.#socket.off('data', onData);
        accept();
      };
      this.#socket.on('data', onData);
      send(outstanding);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** All connections together. */
export class ShareLoad {
  readonly #miners: readonly LoadMiner[];

  private constructor(miners: readonly LoadMiner[]) {
    this.#miners = miners;
  }

  static async open(port: number, connections: number): Promise<ShareLoad> {
    return new ShareLoad(await Promise.all(Array.from({ length: connections }, () => LoadMiner.login(port))));
  }

  /** Hands in `shares` in all. They are made before the clock starts. */
  async run(shares: number, outstanding: number, rolling: Rolling): Promise<LoadResult> {
    const each = Math.ceil(shares / this.#miners.length);
    const lines = this.#miners.map((miner) => miner.prepare(each, rolling));
    const latenciesMs = new Float64Array(each * this.#miners.length);
    const startMs = performance.now();
    await Promise.all(
      this.#miners.map((miner, index) =>
        miner.run(lines[index] ?? [], outstanding, latenciesMs, index * each),
      ),
    );
    return { shares: latenciesMs.length, elapsedMs: performance.now() - startMs, latenciesMs };
  }

  close(): void {
    for (const miner of this.#miners) miner.close();
  }
}

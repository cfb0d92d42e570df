import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { compare, type Figure, measure, type Row, showNumber } from './measure.ts';

export const title = 'JSON-RPC over HTTP, a trivial call, 32 kept connections, load from another process';

const CONNECTIONS = 32;
const BATCH = 100;
const CALL = '{"jsonrpc":"2.0","method":"getblockcount","params":[],"id":0}';

function requestOf(body: string): Buffer {
  const head = [
    'POST / HTTP/1.1',
    'Host: bench',
    `Authorization: Basic ${btoa('user:password')}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Connections that each send the next request when the last one is answered. */
class Load {
  readonly #sockets: readonly Socket[];
  readonly #request: Buffer;
  /** All answers to one request are of one length, seen in the first. */
  #answerBytes = 0;

  private constructor(sockets: readonly Socket[], request: Buffer) {
    this.#sockets = sockets;
    this.#request = request;
  }

  static async open(port: number, body: string): Promise<Load> {
    const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1').setNoDelay(true));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const load = new Load(sockets, requestOf(body));
    await load.#learnAnswer();
    return load;
  }

  /** Sends `count` requests over all connections; resolves when all are answered. */
  async send(count: number): Promise<void> {
    const share = Math.ceil(count / CONNECTIONS);
    await Promise.all(this.#sockets.map((socket) => this.#sendOn(socket, share)));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #learnAnswer(): Promise<void> {
    const [socket] = this.#sockets;
    if (socket === undefined) return;
    socket.write(this.#request);
    let text = '';
    do {
      const [chunk] = await once(socket, 'data');
      text += String(chunk);
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      this.#answerBytes = text.indexOf('\r\n\r\n') + 4 + length;
    } while (!(text.length >= this.#answerBytes));
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(`the server answers ${text}`);
  }

  #sendOn(socket: Socket, count: number): Promise<void> {
    return new Promise((accept) => {
      let left = count;
      let bytes = 0;
      const onData = (chunk: Buffer): void => {
        bytes += chunk.length;
        if (bytes < this.#answerBytes) return;
        bytes -= this.#answerBytes;
        left -= 1;
        if (left > 0) socket.write(this.#request);
        else {
          socket.off('data', onData);
          accept();
        }
      };
      socket.on('data', onData).write(this.#request);
    });
  }
}

async function cpuMicrosOf(servers: ChildProcess): Promise<number> {
  servers.send('cpu');
  const [{ cpuMicros }] = await once(servers, 'message');
  return Number(cpuMicros);
}

/** Each side on a core of its own, where there are two and `taskset` exists. */
function pin(process: number | undefined, core: number): void {
  if (cpus().length > 1) spawnSync('taskset', ['-acp', String(core), String(process)], { stdio: 'ignore' });
}

export async function bench(): Promise<Row[]> {
  const servers = fork(fileURLToPath(new URL('./rpc-servers.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
  const [ports] = await once(servers, 'message');
  pin(servers.pid, 0);
  pin(process.pid, 1);
  const loads: Load[] = [];
  const serverCpu = new Map<string, { micros: number; operations: number }>();

  const candidate = async (name: string, port: number, body: string, calls: number, requests: number) => {
    const load = await Load.open(port, body);
    loads.push(load);
    const total = { micros: 0, operations: 0 };
    serverCpu.set(name, total);
    const run = async (): Promise<number> => {
      const before = await cpuMicrosOf(servers);
      await load.send(requests);
      total.micros += (await cpuMicrosOf(servers)) - before;
      total.operations += requests * calls;
      return requests * calls;
    };
    return { name, run };
  };
  /** With the server's CPU time; says so when the load side was the busier one. */
  const ofServer = (figure: Figure): { figure: Figure; note: string } => {
    const { micros, operations } = serverCpu.get(figure.name) ?? { micros: 0, operations: 1 };
    const cpuMicros = micros / operations;
    return {
      figure: { ...figure, cpuMicros },
      note: figure.cpuMicros > cpuMicros ? ' (bound by the load side)' : '',
    };
  };

  try {
    const batch = `[${Array.from({ length: BATCH }, () => CALL).join(',')}]`;
    const figures = await measure([
      await candidate('raw node:http', ports.raw, CALL, 1, 3_200),
      await candidate('one call', ports.ours, CALL, 1, 3_200),
      await candidate('batch', ports.ours, batch, BATCH, 320),
    ]);
    const [raw, one, many] = figures.map(ofServer);
    if (!raw || !one || !many) return [];
    const bare = {
      ...raw.figure,
      name: `${raw.figure.name} (${showNumber(raw.figure.cpuMicros)} µs of CPU)`,
    };
    return [
      compare(`one call a request${one.note}`, 'calls/s', one.figure, bare, '≥ 0.5 × raw'),
      compare(`batches of ${BATCH}${many.note}`, 'calls/s', many.figure, undefined, '≥ 300,000 calls/s'),
    ];
  } finally {
    for (const load of loads) load.close();
    servers.disconnect();
  }
}

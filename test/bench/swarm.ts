/** What `swarm.c` does, over raw sockets in Node, for machines without a C compiler; the same arguments and lines. */
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const MARKER = 'mining.notify';
const AT_ONCE = 200;

const [first = '', countText = '', file = ''] = process.argv.slice(2);
const count = Number(countText);
const text = readFileSync(file);
const commands = createInterface({ input: process.stdin });
commands.on('close', () => process.exit());
if (first === 'serve') serve();
else swarm(Number(first));

function serve(): void {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
    socket.write(text);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    console.log(`port ${(server.address() as AddressInfo).port}`);
  });
  commands.on('line', () => {
    for (const socket of sockets) socket.write(text);
  });
}

function swarm(port: number): void {
  const times = new BigInt64Array(count);
  const seen = new Uint8Array(count);
  let left = count;
  let isReady = false;
  let opened = 0;
  const done = (): void => {
    if (isReady) {
      const sorted = [...times].sort((a, b) => Number(a - b));
      console.log(`done ${sorted[0]} ${sorted[Math.floor(count * 0.99)]} ${sorted.at(-1)}`);
    } else console.log('ready');
    isReady = true;
  };
  const open = (): void => {
    if (opened >= count) return;
    const index = opened++;
    const socket = connect(port, '127.0.0.1', open).setNoDelay(true);
    socket.on('close', () => process.exit(1));
    socket.write(text);
    socket.on('data', (chunk) => {
      if (seen[index] === 1 || !chunk.includes(MARKER)) return;
      seen[index] = 1;
      times[index] = process.hrtime.bigint();
      left -= 1;
      if (left === 0) done();
    });
  };
  for (let index = 0; index < AT_ONCE; index++) open();
  commands.on('line', () => {
    seen.fill(0);
    left = count;
    console.log('armed');
  });
}

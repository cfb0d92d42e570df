/** `fork('silent-crowd.ts', [PORT, COUNT])`: opens connections that say nothing; tells when all are open and closed. */
import { connect } from 'node:net';

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
const AT_ONCE = 100;
let started = 0;
let open = 0;
let closed = 0;

function next(): void {
  if (started >= count) return;
  started += 1;
  const socket = connect(port, '127.0.0.1', () => {
    open += 1;
    if (open === count) process.send?.('open');
    next();
  });
  socket.on('error', () => undefined).resume();
  socket.once('close', () => {
    closed += 1;
    if (closed === count) process.send?.('closed');
  });
}

for (let index = 0; index < AT_ONCE; index++) next();
process.once('disconnect', () => process.exit());

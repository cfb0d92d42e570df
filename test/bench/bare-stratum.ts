/**
 * The least a Stratum server in Node can do, in a process of its own: every line is read as JSON and answered with
 * true, nothing is checked or kept. It speaks with its parent as `pool-server.ts` does.
 */
import { type AddressInfo, createServer } from 'node:net';
import { encodeNotify, encodeResult, parseLine } from '../../protocol/stratum.ts';
import { someJob } from '../kit/stratum-job.ts';

const NOTIFY = `${encodeNotify(someJob())}\n`;
const SUBSCRIBED = [[], '00000000', 4];

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    let answers = '';
    for (const line of lines) {
      const message = parseLine(line);
      if (message.kind !== 'request') continue;
      const { id, method } = message;
      answers += `${encodeResult(id, method === 'mining.subscribe' ? SUBSCRIBED : true)}\n`;
      if (method === 'mining.authorize') answers += NOTIFY;
    }
    if (answers !== '') socket.write(answers);
  });
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.send?.({ stratumUrl: url, httpUrl: url });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system, ...process.memoryUsage() });
});
process.once('disconnect', () => process.exit());

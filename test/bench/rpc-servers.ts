/** The servers of the RPC benchmark, in a process of their own; it tells its parent the ports and its CPU time. */
import { createServer } from 'node:http';
import { basicAuth, listenHttp } from '../../service/http.ts';
import { createLogger } from '../../service/log.ts';
import { createRpcServer, rpcMethod } from '../../service/rpc-server.ts';

const ANSWER = Buffer.from('{"result":42,"error":null,"id":0}\n');

const rpc = createRpcServer({
  methods: { getblockcount: rpcMethod({ group: 'bench', help: 'A number.', params: [], run: () => 42 }) },
  authorize: basicAuth([{ user: 'user', password: 'password' }]),
  log: createLogger({ name: 'bench', level: 'error' }),
});
const ours = await listenHttp({ host: '127.0.0.1', port: 0, handler: rpc.handler });

/** The least a server can do: read the body, answer with a constant. */
const raw = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length });
    response.end(ANSWER);
  });
});
raw.listen(0, '127.0.0.1', () => {
  const address = raw.address();
  if (typeof address === 'object' && address !== null) process.send?.({ raw: address.port, ours: ours.port });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.once('disconnect', () => process.exit());

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { connectTcp, foreignProtocol } from '../../../miner/transport/tcp-connection.ts';

const servers: Server[] = [];

async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Everything a connection says until it is closed. */
function transcript(port: number, host = '127.0.0.1'): Promise<string[]> {
  return new Promise((resolve) => {
    const said: string[] = [];
    connectTcp(
      { host, port },
      {
        onConnected: () => said.push('connected'),
        onLine: (line) => said.push(`line ${line}`),
        onClosed: (cause) => resolve([...said, cause]),
      },
    );
  });
}

after(() => {
  for (const server of servers) server.close();
});

test('TLS and HTTP are known by their first bytes', () => {
  assert.equal(foreignProtocol(Uint8Array.of(0x15, 0x03, 0x03, 0, 2, 2, 40)), 'tls');
  assert.equal(foreignProtocol(Uint8Array.of(0x16, 0x03, 0x01)), 'tls');
  assert.equal(foreignProtocol(new TextEncoder().encode('HTTP/1.1 400')), 'http');
  assert.equal(foreignProtocol(new TextEncoder().encode('{"id":1}')), undefined);
  assert.equal(foreignProtocol(new Uint8Array(0)), undefined);
});

describe('a TCP connection', () => {
  test('delivers lines, and says that the pool has ended it', async () => {
    const port = await serve((socket) => socket.end('{"a":1}\r\n\n{"b":2}\nrest'));
    assert.deepEqual(await transcript(port), ['connected', 'line {"a":1}', 'line {"b":2}', 'ended']);
  });

  test('puts characters together that arrive in pieces', async () => {
    const bytes = new TextEncoder().encode('"ä€"\n');
    const port = await serve((socket) => {
      socket.setNoDelay(true);
      let at = 0;
      const next = (): void => {
        if (at === bytes.length) socket.end();
        else socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
      };
      next();
    });
    assert.deepEqual(await transcript(port), ['connected', 'line "ä€"', 'ended']);
  });

  test('says why it could not be opened', async () => {
    const port = await serve(() => {});
    const server = servers.pop()!;
    server.close();
    await once(server, 'close');
    assert.deepEqual(await transcript(port), ['refused']);
    assert.deepEqual(await transcript(3333, 'pool.invalid'), ['unknown-host']);
  });

  test('says that it broke', async () => {
    const port = await serve((socket) => socket.resetAndDestroy());
    assert.deepEqual((await transcript(port)).at(-1), 'lost');
  });

  test('says nothing any more once it was closed, not even lines that had arrived', async () => {
    const port = await serve((socket) => socket.write('one\ntwo\nthree\n'));
    const said: string[] = [];
    await new Promise<void>((resolve) => {
      const connection = connectTcp(
        { host: '127.0.0.1', port },
        {
          onConnected: () => {},
          onLine: (line) => {
            said.push(line);
            connection.close();
            connection.send('unheard');
            setImmediate(() => setImmediate(resolve));
          },
          onClosed: () => said.push('closed'),
        },
      );
    });
    assert.deepEqual(said, ['one']);
  });

  test('delivers what was sent before it is closed', async () => {
    let received = (_: string): void => {};
    const text = new Promise<string>((resolve) => {
      received = resolve;
    });
    const port = await serve((socket) => {
      let all = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        all += chunk;
      });
      socket.on('end', () => received(all));
    });
    const connection = connectTcp(
      { host: '127.0.0.1', port },
      {
        onConnected: () => {
          connection.send('last words');
          connection.close();
        },
        onLine: () => {},
        onClosed: () => {},
      },
    );
    assert.equal(await text, 'last words\n');
  });

  test('leaves a pool that takes nothing any more', async () => {
    const port = await serve((socket) => socket.pause());
    const cause = await new Promise((resolve) => {
      const connection = connectTcp(
        { host: '127.0.0.1', port },
        {
          onConnected: () => {
            // Until what the system keeps for both sockets is full.
            for (let i = 0; i < 10_000; i++) connection.send('x'.repeat(10_000));
          },
          onLine: () => {},
          onClosed: resolve,
        },
      );
    });
    assert.equal(cause, 'stalled');
  });

  test('is gone a second after it was closed, though the pool has not read what was sent', async () => {
    const sockets: Socket[] = [];
    const port = await serve((socket) => sockets.push(socket.pause()));
    let isRefused = false;
    await new Promise<void>((resolve) => {
      const connection = connectTcp(
        { host: '127.0.0.1', port },
        {
          onConnected: () => {
            for (let i = 0; i < 20; i++) connection.send('x'.repeat(10_000));
            connection.close();
            resolve();
          },
          onLine: () => {},
          onClosed: () => {
            isRefused = true;
          },
        },
      );
    });
    const [socket] = sockets;
    if (socket === undefined) throw new Error('the pool saw no connection');
    await once(socket.resume(), 'close');
    assert.equal(isRefused, false);
  });
});

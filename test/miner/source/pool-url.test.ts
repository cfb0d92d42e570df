import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPoolUrl, parsePoolUrl } from '../../../miner/source/pool-url.ts';

describe('the address of a pool', () => {
  test('is read in the forms that miners use', () => {
    const local = { scheme: 'stratum+tcp', host: '127.0.0.1', port: 3333 } as const;
    for (const text of [
      'stratum+tcp://127.0.0.1:3333',
      'STRATUM+TCP://127.0.0.1:3333/',
      'tcp://127.0.0.1:3333',
      '127.0.0.1:3333',
      ' 127.0.0.1:3333\n',
    ]) {
      assert.deepEqual(parsePoolUrl(text), local);
    }
    assert.deepEqual(parsePoolUrl('[::1]:3333'), { scheme: 'stratum+tcp', host: '::1', port: 3333 });
  });

  test('is written as it is read', () => {
    for (const text of ['stratum+tcp://pool.example:65535', 'stratum+tcp://[2001:db8::1]:1']) {
      assert.equal(formatPoolUrl(parsePoolUrl(text)), text);
    }
  });

  for (const [text, words] of [
    ['stratum+ssl://pool.test:3443', /TLS is not offered yet; write stratum\+tcp/],
    ['ws://pool.test:8000/stratum', /WebSocket is not offered yet/],
    ['wss://pool.test:443', /WebSocket is not offered yet/],
    ['http://pool.test:8000', /stands for the pool's WebSocket, which is not offered yet/],
    ['gbt+http://pool.test:5000', /straight on a node is not offered yet/],
    ['gopher://pool.test:70', /scheme gopher:\/\/ is unknown/],
    ['stratum+tcp://user:pw@pool.test:3333', /belongs into --user/],
    ['stratum+tcp://pool.test', /names no port/],
    ['stratum+tcp://:3333', /is no host and port/],
    ['stratum+tcp://pool.test:0', /port 0 is not in 1 … 65535/],
    ['stratum+tcp://pool.test:65536', /port 65536/],
    ['stratum+tcp://pool.test:33x', /is no host and port/],
    ['stratum+tcp://pool.test:3333/path', /is no host and port/],
    ['', /is no host and port/],
  ] as const) {
    test(`${JSON.stringify(text)} is refused with what to write instead`, () => {
      assert.throws(() => parsePoolUrl(text), words);
    });
  }
});

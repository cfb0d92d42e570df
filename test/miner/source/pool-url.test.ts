import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  formatPoolUrl,
  type PoolEndpoint,
  PoolUrlError,
  parsePoolUrl,
  withoutCredentials,
} from '../../../miner/source/pool-url.ts';

describe('the address of a pool', () => {
  const read: readonly (readonly [string, PoolEndpoint])[] = [
    ['stratum+tcp://127.0.0.1:3333', { scheme: 'stratum+tcp', host: '127.0.0.1', port: 3333 }],
    ['STRATUM+TCP://127.0.0.1:3333/', { scheme: 'stratum+tcp', host: '127.0.0.1', port: 3333 }],
    ['tcp://127.0.0.1:3333', { scheme: 'stratum+tcp', host: '127.0.0.1', port: 3333 }],
    [' 127.0.0.1:3333\n', { scheme: 'stratum+tcp', host: '127.0.0.1', port: 3333 }],
    ['[::1]:3333', { scheme: 'stratum+tcp', host: '::1', port: 3333 }],
    ['Pool.Example:3333', { scheme: 'stratum+tcp', host: 'pool.example', port: 3333 }],
    ['größe.example:3333', { scheme: 'stratum+tcp', host: 'xn--gre-6ka8i.example', port: 3333 }],
    ['stratum+ssl://pool.test:3443', { scheme: 'stratum+ssl', host: 'pool.test', port: 3443 }],
    ['stratum+tls://pool.test:3443/', { scheme: 'stratum+ssl', host: 'pool.test', port: 3443 }],
    ['ssl://[2001:db8::1]:3443', { scheme: 'stratum+ssl', host: '2001:db8::1', port: 3443 }],
    ['ws://pool.test:8000', { scheme: 'ws', host: 'pool.test', port: 8000, path: '/stratum' }],
    ['ws://pool.test:8000/', { scheme: 'ws', host: 'pool.test', port: 8000, path: '/stratum' }],
    ['ws://pool.test:8000/my/socket', { scheme: 'ws', host: 'pool.test', port: 8000, path: '/my/socket' }],
    ['ws://pool.test', { scheme: 'ws', host: 'pool.test', port: 80, path: '/stratum' }],
    ['wss://pool.test', { scheme: 'wss', host: 'pool.test', port: 443, path: '/stratum' }],
    ['http://pool.test:8000', { scheme: 'ws', host: 'pool.test', port: 8000, path: '/stratum' }],
    ['http://pool.test:8000/stratum', { scheme: 'ws', host: 'pool.test', port: 8000, path: '/stratum' }],
    ['https://pool.test/pool/', { scheme: 'wss', host: 'pool.test', port: 443, path: '/pool/stratum' }],
    [
      'gbt+http://alice:s3cret@127.0.0.1:5000',
      {
        scheme: 'gbt+http',
        host: '127.0.0.1',
        port: 5000,
        credentials: { user: 'alice', password: 's3cret' },
      },
    ],
    [
      'gbt+https://a%3Ab:p%40s/s@x:@[::1]:5000/',
      {
        scheme: 'gbt+https',
        host: '::1',
        port: 5000,
        credentials: { user: 'a:b', password: 'p@s/s@x:' },
      },
    ],
    [
      'gbt+http://__cookie__:00ff@node.test:5000',
      {
        scheme: 'gbt+http',
        host: 'node.test',
        port: 5000,
        credentials: { user: '__cookie__', password: '00ff' },
      },
    ],
    [
      'gbt+http://node.test:5000',
      { scheme: 'gbt+http', host: 'node.test', port: 5000, credentials: undefined },
    ],
  ];
  for (const [text, endpoint] of read) {
    test(`${JSON.stringify(text)} is read`, () => {
      assert.deepEqual(parsePoolUrl(text), endpoint);
    });
  }

  test('is written as it is read', () => {
    for (const text of [
      'stratum+tcp://pool.example:65535',
      'stratum+tcp://[2001:db8::1]:1',
      'stratum+ssl://pool.example:3443',
      'ws://pool.example:80/stratum',
      'wss://pool.example:443/my/socket',
      'gbt+http://127.0.0.1:5000',
    ]) {
      assert.equal(formatPoolUrl(parsePoolUrl(text)), text);
    }
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['gopher://pool.test:70', /scheme gopher:\/\/ is unknown; one of stratum\+tcp:\/\//],
    ['stratum2+tcp://pool.test:34254', /Stratum V2 is not spoken; one of/],
    ['stratum+tcp://user:pw@pool.test:3333', /belongs into --user/],
    ['wss://user@pool.test', /belongs into --user/],
    ['stratum+tcp://pool.test', /names no port; write stratum\+tcp:\/\/HOST:PORT/],
    ['stratum+ssl://pool.test', /names no port; write stratum\+ssl:\/\/HOST:PORT/],
    ['gbt+http://u:p@node.test', /names no port; write gbt\+http/],
    ['gbt+http://u@node.test:5000', /no user and password/],
    ['gbt+http://:p@node.test:5000', /no user and password/],
    ['gbt+http://u:50%@node.test:5000', /a % in its user or password/],
    ['gbt+http://u:p@node.test:5000/wallet/x', /has a path/],
    ['stratum+tcp://:3333', /is no host and port/],
    ['stratum+tcp://pool.test:0', /port 0 is not in 1 … 65535/],
    ['stratum+tcp://pool.test:65536', /port 65536/],
    ['stratum+tcp://pool.test:33x', /is no host and port/],
    ['stratum+tcp://pool.test:3333/path', /has a path/],
    ['stratum+tcp://pool.test:3333?x', /is no host and port/],
    ['pool.test?x:3333', /is no host and port/],
    ['ws://pool.test#x:8000', /is no host and port/],
    ['ws://pool.test/stratum?token=1', /has a query or a space/],
    ['ws://pool.test/stra tum', /has a query or a space/],
    ['stratum+tcp://999.1.2.3:3333', /is no host and port/],
    ['stratum+tcp://[::1:3333', /is no host and port/],
    ['stratum+tcp://[1.2.3.4]:3333', /is no host and port/],
    ['stratum+tcp://pool%2etest:3333', /is no host and port/],
    ['stratum+tcp://::1:3333', /is no host and port/],
    ['http://', /is no host and port/],
    ['', /is no host and port/],
  ];
  for (const [text, words] of refused) {
    test(`${JSON.stringify(text)} is refused with what to write instead`, () => {
      assert.throws(() => parsePoolUrl(text), words);
    });
  }

  test('is read or refused with a reason, whatever it is', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'stratum+tcp://',
        'ws://',
        'http://',
        'gbt+http://',
        '@',
        ':',
        '/',
        '[',
        ']',
        '%',
        '::1',
        '?',
      ),
      fc.string({ maxLength: 6, unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        let endpoint: PoolEndpoint;
        try {
          endpoint = parsePoolUrl(pieces.join(''));
        } catch (error) {
          assert.ok(error instanceof PoolUrlError && error.reason !== '');
          return;
        }
        const { credentials: _, ...shown } = { credentials: undefined, ...endpoint };
        const { credentials: __, ...again } = {
          credentials: undefined,
          ...parsePoolUrl(formatPoolUrl(endpoint)),
        };
        assert.deepEqual(again, shown);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a password in an address', () => {
  test('is never shown, however wrong the address is', () => {
    for (const text of [
      'gbt+http://alice:hunter2@node.test:99999',
      'gbt+http://alice:hunter2@node.test',
      'gbt+http://alice:hun/ter2@node.test:5000/path',
      'gbt+http://alice:hunter2%@node.test:5000',
      'gbt+http://alice:hunter2@',
      'gbd+http://alice:hunter2@node.test:5000',
      'alice:hunter2@node.test:3333',
      'gbt+http:alice:hunter2@node.test:5000',
    ]) {
      assert.throws(
        () => parsePoolUrl(text),
        (error) => error instanceof PoolUrlError && !/hun/.test(`${error.message} ${error.reason}`),
        text,
      );
    }
  });

  test('is left out where the address is shown', () => {
    assert.equal(withoutCredentials('gbt+http://a:b@c@node.test:5000'), 'gbt+http://…@node.test:5000');
    assert.equal(withoutCredentials('a:b@node.test'), '…@node.test');
    assert.equal(withoutCredentials('stratum+tcp://pool.test:1'), 'stratum+tcp://pool.test:1');
    assert.equal(formatPoolUrl(parsePoolUrl('gbt+http://a:b@node.test:5000')), 'gbt+http://node.test:5000');
  });
});

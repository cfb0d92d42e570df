import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { tlsConnector } from '../../../miner/transport/tls-connection.ts';
import { readCertificates, TlsTrustError } from '../../../miner/transport/tls-trust.ts';
import { makeAuthority, makeCertificate } from '../../kit/certificate.ts';
import { listening, sentenceOf, transcript } from '../../kit/connection-transcript.ts';

const HOST = '127.0.0.1';
const DAY_MS = 86_400_000;
const greet = (socket: Socket): unknown => socket.end('{"a":1}\n');

async function serveTls(
  context: TestContext,
  options: TlsOptions,
  onSocket: (socket: Socket) => unknown = greet,
): Promise<number> {
  const server = createTlsServer(options, onSocket);
  server.on('tlsClientError', () => {});
  return listening(context, server);
}

async function servePlain(context: TestContext, onSocket: (socket: Socket) => unknown): Promise<number> {
  return listening(context, createServer(onSocket));
}

describe('a TLS connection', () => {
  test('delivers lines of a pool whose certificate an authority signed that we were told of', async (context) => {
    const issuer = await makeAuthority();
    const port = await serveTls(context, await makeCertificate({ addresses: [HOST], issuer }));
    const { said } = await transcript(tlsConnector({ ca: issuer.cert }), { host: HOST, port });
    assert.deepEqual(said, ['connected', 'line {"a":1}', 'ended']);
  });

  test('names the host that it wants in the handshake, but never an address', async (context) => {
    const certificate = await makeCertificate({ names: ['localhost'], addresses: [HOST] });
    const asked: unknown[] = [];
    const port = await serveTls(context, certificate, (socket) => {
      asked.push('servername' in socket && socket.servername);
      greet(socket);
    });
    const connector = tlsConnector({ ca: certificate.cert });
    await transcript(connector, { host: 'localhost', port });
    await transcript(connector, { host: HOST, port });
    assert.deepEqual(asked, ['localhost', false]);
  });

  test('refuses a certificate that signs itself, and says what to do', async (context) => {
    const port = await serveTls(context, await makeCertificate({ addresses: [HOST] }));
    const refused = await transcript(tlsConnector({}), { host: HOST, port });
    assert.deepEqual(refused.said, ['untrusted']);
    assert.match(
      sentenceOf('pool.test:3443', refused),
      /^the certificate of pool\.test:3443 is not believed \(signed by itself\): .*--tls-ca FILE.*--tls-insecure/,
    );
  });

  test('believes a certificate that signs itself once it was given', async (context) => {
    const certificate = await makeCertificate({ addresses: [HOST] });
    const port = await serveTls(context, certificate);
    const { said } = await transcript(tlsConnector({ ca: certificate.cert }), { host: HOST, port });
    assert.equal(said[0], 'connected');
  });

  test('believes the very certificate that was given under any name', async (context) => {
    const certificate = await makeCertificate({ names: ['elsewhere.test'] });
    const port = await serveTls(context, certificate);
    const { said } = await transcript(tlsConnector({ ca: certificate.cert }), { host: HOST, port });
    assert.equal(said[0], 'connected');
  });

  test('believes the very certificate that was given although its authority is unknown', async (context) => {
    const certificate = await makeCertificate({ addresses: [HOST], issuer: await makeAuthority() });
    const port = await serveTls(context, certificate);
    const { said } = await transcript(tlsConnector({ ca: certificate.cert }), { host: HOST, port });
    assert.equal(said[0], 'connected');
  });

  test('refuses a certificate for other names, although its authority is known', async (context) => {
    const issuer = await makeAuthority();
    const port = await serveTls(context, await makeCertificate({ names: ['elsewhere.test'], issuer }));
    const refused = await transcript(tlsConnector({ ca: issuer.cert }), { host: HOST, port });
    assert.deepEqual(refused.said, ['untrusted']);
    assert.match(sentenceOf('pool.test:3443', refused), /elsewhere\.test|does not match/);
  });

  test('refuses a certificate of an unknown authority', async (context) => {
    const issuer = await makeAuthority();
    const port = await serveTls(context, await makeCertificate({ addresses: [HOST], issuer }));
    for (const [name, words] of [
      ['another authority', /signed by nobody known here/],
      ['an authority', /signed by another authority of the same name/],
    ] as const) {
      const { cert } = await makeAuthority(name);
      const refused = await transcript(tlsConnector({ ca: cert }), { host: HOST, port });
      assert.deepEqual(refused.said, ['untrusted']);
      assert.match(sentenceOf('pool.test:3443', refused), words);
    }
  });

  for (const [what, dates, words] of [
    ['that has expired', { notAfter: new Date(Date.now() - DAY_MS), notBefore: new Date(0) }, /has expired/],
    [
      'of tomorrow',
      { notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 2 * DAY_MS) },
      /clock/,
    ],
  ] as const) {
    test(`refuses a certificate ${what}`, async (context) => {
      const certificate = await makeCertificate({ addresses: [HOST], ...dates });
      const port = await serveTls(context, certificate);
      const refused = await transcript(tlsConnector({ ca: certificate.cert }), { host: HOST, port });
      assert.deepEqual(refused.said, ['invalid-certificate']);
      assert.match(sentenceOf('pool.test:3443', refused), words);
      assert.match(sentenceOf('pool.test:3443', refused), /only the pool can mend that/);
    });
  }

  test('takes any certificate when told not to check', async (context) => {
    const port = await serveTls(
      context,
      await makeCertificate({ notAfter: new Date(1e11), notBefore: new Date(0) }),
    );
    const { said } = await transcript(tlsConnector({ isUnchecked: true }), { host: HOST, port });
    assert.equal(said[0], 'connected');
  });

  test('sends nothing before the certificate was checked', async (context) => {
    const received: string[] = [];
    const port = await serveTls(context, await makeCertificate(), (socket) =>
      socket.on('data', (chunk: Buffer) => received.push(chunk.toString())),
    );
    const connection = tlsConnector({});
    const { said } = await transcript(connection, { host: HOST, port }, (open) => open.send('secret'));
    assert.deepEqual([said, received], [['untrusted'], []]);
  });
});

describe('where TLS is expected and not spoken', () => {
  const answers: Readonly<Record<string, (socket: Socket) => unknown>> = {
    'plain Stratum is known by its words': (socket) => socket.write('{"id":null,"method":"x"}\n'),
    'a server that closes at once is told apart from a pool': (socket) => socket.end(),
    'a server that hangs up on the handshake too': (socket) =>
      socket.on('data', () => socket.resetAndDestroy()),
    'a server that ends on the handshake too': (socket) => socket.on('data', () => socket.end()),
  };
  for (const [what, answer] of Object.entries(answers)) {
    test(what, async (context) => {
      const port = await servePlain(context, answer);
      const refused = await transcript(tlsConnector({}), { host: HOST, port });
      assert.deepEqual(refused.said, ['not-tls']);
      assert.match(sentenceOf('pool.test:3443', refused), /does not speak TLS: .*stratum\+tcp/);
    });
  }

  test('versions of TLS that do not go together are told', async (context) => {
    const certificate = await makeCertificate({ addresses: [HOST] });
    const port = await serveTls(context, {
      ...certificate,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const refused = await transcript(tlsConnector({}), { host: HOST, port });
    assert.deepEqual(refused.said, ['tls-failed']);
    assert.match(sentenceOf('pool.test:3443', refused), /do not agree on TLS/);
  });

  test('nothing listens: it says so as over TCP', async () => {
    const { said } = await transcript(tlsConnector({}), { host: HOST, port: 1 });
    assert.deepEqual(said, ['refused']);
  });
});

describe('certificates that are to be believed', () => {
  test('may be several in one file, with words between them', async () => {
    const [first, second] = [await makeAuthority(), await makeCertificate()];
    assert.equal(readCertificates(`of mine:\n${first.cert}\nand\r\n${second.cert}`).length, 2);
  });

  test('must be certificates', async () => {
    const { cert, key } = await makeCertificate();
    assert.throws(() => readCertificates(''), /holds no certificate in PEM/);
    assert.throws(() => readCertificates(key), TlsTrustError);
    assert.throws(() => readCertificates(cert.replace('\nMII', '\nAAA')), TlsTrustError);
    assert.throws(() => tlsConnector({ ca: 'x' }), TlsTrustError);
  });
});

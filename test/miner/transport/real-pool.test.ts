/** The miner at a real pool of ours, over every transport there is. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer } from 'node:tls';
import { startMiner } from '../../../miner/miner.ts';
import type { TlsTrust } from '../../../miner/transport/tls-trust.ts';
import { makeCertificate } from '../../kit/certificate.ts';
import { startEdgeUnderTest } from '../../kit/edge-kit.ts';
import { nextEvent } from '../../kit/miner-kit.ts';
import { MINER_ADDRESS, SILENT, startPoolUnderTest, temporaryDirectory } from '../../kit/pool-kit.ts';

const SHARES = 10;

/** Ends TLS in front of a port of plain TCP, as proxies of public pools do. */
async function tlsFront(context: TestContext, target: URL): Promise<{ port: number; ca: string }> {
  const certificate = await makeCertificate({ addresses: ['127.0.0.1'] });
  const sockets = new Set<Socket>();
  const server = createServer(certificate, (outside) => {
    const inside = connect(Number(target.port), target.hostname);
    for (const socket of [outside, inside]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    outside.pipe(inside).pipe(outside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ca: certificate.cert };
}

/** Mines until some shares are accepted; none is refused. */
async function mine(url: string, tls: TlsTrust = {}): Promise<void> {
  const pools = [{ url, user: `${MINER_ADDRESS}.rig` }];
  const miner = await startMiner({ pools, threads: 1, log: SILENT, tls });
  try {
    await nextEvent(miner, 'share-accepted', () => miner.stats().shares.accepted >= SHARES);
  } finally {
    await miner.stop();
  }
  const { accepted, rejected, stale, unanswered } = miner.stats().shares;
  assert.ok(accepted >= SHARES);
  assert.deepEqual([rejected, stale, unanswered], [0, 0, 0]);
}

test('shares are accepted over TCP, TLS, WebSocket and WebSocket over TLS', async (context) => {
  const directory = await temporaryDirectory(context);
  const { pool } = await startPoolUnderTest(context, {
    stratum: { host: '127.0.0.1', port: 0, tls: { port: 0, selfSignedIn: directory } },
  });
  const http = new URL(pool.httpUrl);
  const front = await tlsFront(context, http);
  const poolCertificate = await readFile(`${directory}/stratum-tls.crt`, 'utf8');
  await context.test('TCP', () => mine(pool.stratumUrl));
  await context.test('TLS, with the certificate that the pool made itself', () =>
    mine(pool.stratumTlsUrl ?? '', { ca: poolCertificate }),
  );
  await context.test('TLS, unchecked', () => mine(pool.stratumTlsUrl ?? '', { isUnchecked: true }));
  await context.test('WebSocket', () => mine(`ws://${http.host}`));
  await context.test("the pool's web address", () => mine(pool.httpUrl));
  await context.test('WebSocket over TLS', () => mine(`wss://127.0.0.1:${front.port}`, { ca: front.ca }));
  await context.test('a web address over TLS', () =>
    mine(`https://127.0.0.1:${front.port}/`, { ca: front.ca }),
  );
  await context.test("an edge's web address", async (inner) => {
    const edge = await startEdgeUnderTest(inner, pool);
    await mine(edge.httpUrl);
  });
});

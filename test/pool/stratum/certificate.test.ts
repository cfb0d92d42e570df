import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { Certificate, CertificateError, selfSignedCertificate } from '../../../pool/stratum/certificate.ts';
import type { Logger } from '../../../service/log.ts';
import { SILENT, temporaryDirectory } from '../../kit/pool-kit.ts';
import { serveStratum, USER } from '../../kit/stratum-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 20_000 };
const DAY_MS = 86_400_000;

/** The certificate that a new connection is shown. */
async function shownBy(url: string): Promise<X509Certificate | undefined> {
  const { hostname, port } = new URL(url.replace('stratum+ssl', 'http'));
  const socket = connect({ port: Number(port), host: hostname, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate;
}

/** A log that says when something was told. */
function listeningLog(expected: RegExp): { readonly log: Logger; readonly told: Promise<void> } {
  const log = Object.create(SILENT) as Logger;
  const told = new Promise<void>((accept) => {
    log.info = (_facts: unknown, text?: string) => {
      if (expected.test(text ?? '')) accept();
    };
  });
  return { log, told };
}

async function selfSigned(t: TestContext) {
  const directory = await temporaryDirectory(t);
  return selfSignedCertificate(directory, Date.now());
}

test('a certificate for a desk is made once, and only its owner can read the key', LIMITED, async (t) => {
  const directory = await temporaryDirectory(t);
  const nowMs = Date.now();
  const { certFile, keyFile } = await selfSignedCertificate(directory, nowMs);
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
  const pem = await readFile(certFile, 'utf8');
  const certificate = new X509Certificate(pem);
  assert.equal(certificate.checkHost('localhost'), 'localhost');
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  await selfSignedCertificate(directory, nowMs + 700 * DAY_MS);
  assert.equal(await readFile(certFile, 'utf8'), pem);
  await selfSignedCertificate(directory, nowMs + 800 * DAY_MS);
  assert.notEqual(await readFile(certFile, 'utf8'), pem, 'it is made anew before it ends');
});

test('a renewed certificate serves new connections, and no miner is dropped', LIMITED, async (t) => {
  const files = await selfSigned(t);
  const renewed = await selfSigned(t);
  const { log, told } = listeningLog(/renewed certificate/);
  const { server } = await serveStratum(t, {}, { tls: { port: 0, files }, log });
  const url = server.tlsUrl ?? '';
  const miner = await StratumMiner.connect(url);
  t.after(() => miner.close());
  const work = await miner.login(USER);
  const before = (await shownBy(url))?.fingerprint256;
  await copyFile(renewed.keyFile, files.keyFile);
  await copyFile(renewed.certFile, files.certFile);
  await told;
  const after = (await shownBy(url))?.fingerprint256;
  assert.notEqual(after, before);
  assert.equal(after, new X509Certificate(await readFile(renewed.certFile)).fingerprint256);
  assert.equal((await miner.request('mining.submit', findShare(work).params)).result, true);
});

test(
  'files that do not belong together are refused at the start, and passed over later',
  LIMITED,
  async (t) => {
    const files = await selfSigned(t);
    const other = await selfSigned(t);
    const mixed = { certFile: files.certFile, keyFile: other.keyFile };
    await assert.rejects(Certificate.load(mixed, SILENT), {
      name: 'CertificateError',
      message: `the key in ${mixed.keyFile} does not belong to the certificate in ${mixed.certFile}`,
    });
    const certificate = await Certificate.load(files, SILENT);
    t.after(() => certificate.stop());
    const { context } = certificate;
    await copyFile(other.keyFile, files.keyFile);
    await certificate.check();
    assert.equal(certificate.context, context, 'half of a renewal');
    await copyFile(other.certFile, files.certFile);
    await certificate.check();
    assert.notEqual(certificate.context, context, 'the whole of it');
  },
);

test('files that are missing, or no certificate, are named with their setting', LIMITED, async (t) => {
  const files = await selfSigned(t);
  const missing = join(await temporaryDirectory(t), 'none.pem');
  await assert.rejects(Certificate.load({ ...files, certFile: missing }, SILENT), (error: Error) => {
    assert.ok(error instanceof CertificateError);
    return error.message.startsWith(`--tls-cert ${missing} cannot be read`);
  });
  await writeFile(missing, 'not a certificate');
  await assert.rejects(Certificate.load({ ...files, certFile: missing }, SILENT), CertificateError);
  await assert.rejects(Certificate.load({ ...files, keyFile: missing }, SILENT), CertificateError);
});

test('who speaks no TLS on the TLS port, or an old one, is closed and counted', LIMITED, async (t) => {
  const files = await selfSigned(t);
  const { server, statistics } = await serveStratum(t, {}, { tls: { port: 0, files } });
  const { hostname, port } = new URL((server.tlsUrl ?? '').replace('stratum+ssl', 'http'));
  const plain = connectTcp(Number(port), hostname);
  plain.write('{"id":1,"method":"mining.ping","params":[]}\n');
  plain.resume().on('error', () => undefined);
  await once(plain, 'close');
  const old = connect({
    port: Number(port),
    host: hostname,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL:@SECLEVEL=0',
  });
  const [error] = (await once(old, 'error')) as [Error];
  assert.match(error.message, /alert|version/i);
  assert.equal(statistics.connections.closed_tls, 2);
  assert.equal(server.connections.open, 0);
});

test('who never finishes the TLS handshake is closed as silent', LIMITED, async (t) => {
  const files = await selfSigned(t);
  const { server, statistics, clock } = await serveStratum(t, {}, { tls: { port: 0, files } });
  const { hostname, port } = new URL((server.tlsUrl ?? '').replace('stratum+ssl', 'http'));
  const mute = connectTcp(Number(port), hostname).resume();
  while (server.connections.tls === 0) await new Promise((accept) => setImmediate(accept));
  clock.pass(30_000);
  await once(mute, 'close');
  assert.equal(statistics.connections.closed_silent, 1);
});

test('a PROXY header stands in front of the handshake', LIMITED, async (t) => {
  const files = await selfSigned(t);
  const { server } = await serveStratum(t, {}, { tls: { port: 0, files }, proxies: ['127.0.0.1'] });
  const { hostname, port } = new URL((server.tlsUrl ?? '').replace('stratum+ssl', 'http'));
  const raw = connectTcp(Number(port), hostname);
  raw.write('PROXY TCP4 192.0.2.7 192.0.2.1 40000 3333\r\n');
  const socket = connect({ socket: raw, rejectUnauthorized: false });
  t.after(() => socket.destroy());
  socket.write('{"id":1,"method":"mining.ping","params":[]}\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  assert.match(chunk.toString(), /pong/);
  const [summary] = server.sessions();
  assert.deepEqual([summary?.transport, summary?.address], ['tls', '192.0.2.7']);
});

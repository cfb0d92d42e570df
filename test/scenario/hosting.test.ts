/** The examples of docs/hosting, held against real programs: proxies, units, what is monitored. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RunningRelay, startRelay } from '../../node/relay/relay.ts';
import { encodeAddress } from '../../protocol/address.ts';
import { profileByName } from '../../protocol/network.ts';
import { createLogger } from '../../service/log.ts';
import { Devnet, nilz } from '../kit/devnet.ts';
import { FrontProxy, PROXIES, type ProxyName, withoutProxy } from '../kit/front-proxy.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const EXAMPLES = fileURLToPath(new URL('../../docs/hosting/', import.meta.url));
/** The accounts of the devnet are the faucet's own. */
const STRANGER = encodeAddress(Uint8Array.from([0, 20, ...Array(20).fill(7)]), profileByName('dev').address);
const SILENT = createLogger({ name: 'test', level: 'silent' });
/** Never filled again while a test lasts. */
const FEW_READS = { perSecond: 0.001, burst: 8 };

function example(path: string): string {
  return readFileSync(`${EXAMPLES}${path}`, 'utf8');
}

/** A stack behind a proxy, the relay being one that trusts it. */
async function hosted(
  context: TestContext,
  name: ProxyName,
  limits: Parameters<typeof startRelay>[0]['limits'] = {},
): Promise<FrontProxy> {
  const devnet = await Devnet.start(await temporaryDirectory(context), ['--no-mine']);
  context.after(() => devnet.kill());
  const { rpc, faucet, pool } = devnet.ready;
  const relay: RunningRelay = await startRelay({
    node: { url: rpc.url, credentials: rpc },
    host: '127.0.0.1',
    port: 0,
    id: 'hosted',
    trustedProxies: 1,
    limits,
    log: SILENT,
  });
  context.after(() => relay.stop());
  await relay.ready;
  const services = { explorer: relay.url, faucet: faucet.url, pool: pool.httpUrl };
  const proxy = await FrontProxy.start(name, await temporaryDirectory(context), services);
  context.after(() => proxy.stop());
  return proxy;
}

for (const name of PROXIES) {
  const skip = withoutProxy(name);

  test(`${name} hands pages, answers and WebSockets of all three sites on over TLS`, {
    skip,
  }, async (context) => {
    const proxy = await hosted(context, name);
    const health = await proxy.ask('explorer', '/health');
    assert.equal(health.status, 200);
    assert.equal(JSON.parse(health.body).id, 'hosted');
    for (const [site, title] of [
      ['explorer', 'NilzCoin explorer'],
      ['faucet', 'NilzCoin faucet'],
      ['pool', 'NilzCoin pool'],
    ] as const) {
      const page = await proxy.ask(site, '/');
      assert.match(page.body, new RegExp(`<title>${title}</title>`));
      const policy = String(page.headers['content-security-policy']);
      assert.match(policy, new RegExp(`wss://${site}\\.example\\.org`), 'the page may open its WebSockets');
    }
    if (name === 'nginx') {
      const { status, location } = await proxy.askPlain('faucet', '/claim/12');
      assert.deepEqual([status, location], [301, 'https://faucet.example.org/claim/12']);
    }
    const hello = (await proxy.firstMessage('explorer', '/events')) as { type: string };
    assert.equal(hello.type, 'hello');
    assert.equal(((await proxy.firstMessage('pool', '/live')) as { type: string }).type, 'hello');
    const claim = await proxy.ask('faucet', `/challenge?address=${STRANGER}`);
    assert.equal(claim.status, 200, claim.body);
  });

  test(`behind ${name} each client has its own allowance, whatever it writes into X-Forwarded-For`, {
    skip,
  }, async (context) => {
    const proxy = await hosted(context, name, { reading: FEW_READS });
    const statusFrom = async (from: string, headers = {}) =>
      (await proxy.ask('explorer', '/chain', { from, headers })).status;
    const first = await Promise.all(Array.from({ length: 12 }, () => statusFrom('127.0.0.2')));
    assert.ok(first.includes(200) && first.includes(429), first.join());
    for (const invented of ['203.0.113.9', '127.0.0.3, 198.51.100.7', 'x', '127.0.0.1'.repeat(50)]) {
      assert.equal(await statusFrom('127.0.0.2', { 'X-Forwarded-For': invented }), 429, invented);
    }
    assert.equal(await statusFrom('127.0.0.3'), 200);
  });

  test(`${name} keeps metrics, pausing and changes inside, and lets the largest transaction through`, {
    skip,
  }, async (context) => {
    const proxy = await hosted(context, name);
    for (const site of ['explorer', 'faucet', 'pool'] as const) {
      assert.equal((await proxy.ask(site, '/metrics')).status, 404, site);
    }
    for (const path of ['/pause', '/resume']) {
      assert.equal((await proxy.ask('faucet', path, { method: 'POST' })).status, 404, path);
    }
    assert.equal((await proxy.ask('pool', '/settle', { method: 'POST' })).status, 403);
    const headers = { 'Content-Type': 'text/plain' };
    const body = '00'.repeat(400_000);
    const refused = await proxy.ask('explorer', '/tx', { method: 'POST', headers, body });
    assert.match(String(refused.headers['content-type']), /json/, `${refused.status} ${refused.body}`);
    assert.ok(JSON.parse(refused.body).error.code, "the relay's own word");
    const flood = await proxy
      .ask('explorer', '/tx', { method: 'POST', headers, body: body.repeat(6) })
      .then(({ status }) => status)
      .catch(({ code }: { code?: string }) => code);
    // Caddy has begun to hand it on when it turns out to be too large, and answers 502.
    assert.ok([413, 502, 'EPIPE', 'ECONNRESET'].includes(flood ?? ''), `${flood}`);
  });
}

test('every option of the units, and every variable of the guide, is one that its command has', async () => {
  const units = readdirSync(`${EXAMPLES}systemd`).filter((file) => file.endsWith('.service'));
  assert.equal(units.length, 7);
  let help = '';
  for (const unit of units) {
    const [, line = ''] =
      /^ExecStart=.*?\/opt\/nilzcoin\/nilz ([^'\n]*)/m.exec(example(`systemd/${unit}`)) ?? [];
    const words = line.split(' ').filter((word) => word !== '');
    assert.ok(words.length > 0, unit);
    const finished = await nilz([...words, '--help']);
    assert.equal(finished.code, 0, `${unit}: ${finished.stderr}`);
    help += finished.stdout;
  }
  help += (await nilz(['wallet', 'init', '--help'])).stdout;
  const variables = example('../hosting.md').match(/NILZ_[A-Z_]+/g) ?? [];
  assert.ok(variables.length > 10);
  assert.deepEqual(
    variables.filter((name) => !new RegExp(`\\b${name}\\b`).test(help)),
    [],
  );
});

test('every metric of the alerts is one that a service has', async (context) => {
  const devnet = await Devnet.start(await temporaryDirectory(context), ['--no-mine']);
  context.after(() => devnet.kill());
  const { relay, faucet, pool } = devnet.ready;
  const texts = await Promise.all(
    [relay.url, faucet.url, pool.httpUrl].map(async (url) => (await fetch(`${url}/metrics`)).text()),
  );
  const edge = readFileSync(new URL('../../pool/edge/edge-metrics.ts', import.meta.url), 'utf8');
  const known = new Set(
    [...texts.join('\n').matchAll(/^# HELP (\w+)/gm), ...edge.matchAll(/name: '(\w+)'/g)].map(
      ([, name]) => name,
    ),
  );
  const used = [...example('alerts.yml').matchAll(/nilz_\w+/g)].map(([name]) => name);
  assert.ok(used.length >= 10);
  assert.deepEqual(
    used.filter((name) => !known.has(name)),
    [],
  );
});

import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { claim, type FaceKit, type Failure, from, NO_LIMITS, openFace } from '../../kit/faucet-face-kit.ts';
import { AMOUNT, claimantAddress } from '../../kit/faucet-kit.ts';

const ALICE = claimantAddress('alice');
const MARKUP = '<img src=x onerror=alert(1)>';

describe('a thousand claims at once', () => {
  test('for one address from as many clients: one is paid', async (context) => {
    const face = await openFace(context, { face: { trustedProxies: 1, work: { least: 1, most: 1 } } });
    const clients = Array.from({ length: 1_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const challenges = await sendAll<{ token: string }>(
      face,
      clients.map((ip) => ({ path: `/challenge?address=${ALICE}`, headers: from(ip) })),
    );
    // Of one attempt each: any nonce will do.
    const answers = await sendAll<Failure>(
      face,
      clients.map((ip, index) => ({
        path: '/claim',
        body: { address: ALICE, challenge: `${challenges[index]!.body.token}:0` },
        headers: from(ip),
      })),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    for (const { status, body } of answers) {
      if (status !== 201) assert.match(body.error.code, /^(address-cooldown|challenge-busy)$/);
    }
    await paidOnce(face, 'alice');
  });

  test('from one client for as many addresses: one is paid', async (context) => {
    const face = await openFace(context, { face: { work: { least: 1, most: 1 } } });
    const addresses = Array.from({ length: 1_000 }, (_, index) => claimantAddress(`claimant ${index}`));
    const challenges = await sendAll<{ token: string }>(
      face,
      addresses.map((address) => ({ path: `/challenge?address=${address}` })),
    );
    const answers = await sendAll<Failure>(
      face,
      addresses.map((address, index) => ({
        path: '/claim',
        body: { address, challenge: `${challenges[index]!.body.token}:0` },
      })),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    const state = await face.kit.desk.state();
    assert.equal(state.dailyCap - state.leftToday, AMOUNT);
  });

  test('from one client that invents others: X-Forwarded-For is believed no further than it is true', async (context) => {
    const face = await openFace(context);
    const first = await claim(face, ALICE, from('192.0.2.1'));
    assert.equal(first.status, 201);
    // No proxy: the header is an invention, whatever it says.
    for (const forged of ['192.0.2.2', '192.0.2.3, 192.0.2.4', '::1', MARKUP, ',,,', '9'.repeat(5_000)]) {
      const { body } = await face.get<Failure>(`/challenge?address=${claimantAddress(forged)}`, from(forged));
      assert.equal(body.error.code, 'client-cooldown', forged);
    }
    await face.stop();
    // One proxy: the last entry is true, and what the client wrote before it is not.
    await face.serve({ limits: NO_LIMITS, trustedProxies: 1 });
    assert.equal((await claim(face, claimantAddress('bob'), from('192.0.2.7'))).status, 201);
    for (const forged of ['198.51.100.1, 192.0.2.7', '192.0.2.9,192.0.2.7']) {
      const { body } = await face.get<Failure>(`/challenge?address=${claimantAddress(forged)}`, from(forged));
      assert.equal(body.error.code, 'client-cooldown', forged);
    }
  });

  test('an IPv6 customer is one client, whatever address of the network is used', async (context) => {
    const face = await openFace(context, { face: { trustedProxies: 1 } });
    assert.equal((await claim(face, ALICE, from('2001:db8:1:2::1'))).status, 201);
    const same = await face.get<Failure>(
      `/challenge?address=${claimantAddress('bob')}`,
      from('2001:db8:1:2:ffff::9'),
    );
    assert.equal(same.body.error.code, 'client-cooldown');
    const other = await claim(face, claimantAddress('carol'), from('2001:db8:1:3::1'));
    assert.equal(other.status, 201);
  });
});

/** Sends as a crowd does: all at once, over a few hundred connections. */
async function sendAll<T>(
  face: FaceKit,
  requests: readonly {
    readonly path: string;
    readonly body?: object;
    readonly headers?: Record<string, string>;
  }[],
): Promise<{ readonly status: number; readonly body: T }[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  try {
    return await Promise.all(requests.map((each) => sendOne<T>(agent, face.url, each)));
  } finally {
    agent.destroy();
  }
}

function sendOne<T>(
  agent: Agent,
  url: string,
  { path, body, headers = {} }: { path: string; body?: object; headers?: Record<string, string> },
): Promise<{ readonly status: number; readonly body: T }> {
  return new Promise((accept, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const outgoing = request(
      url + path,
      { agent, method, headers: { 'Content-Type': 'application/json', ...headers } },
      (response) => {
        text(response).then(
          (json) => accept({ status: response.statusCode ?? 0, body: JSON.parse(json) as T }),
          reject,
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

/** The books promise one claim, and the chain has paid it once. */
async function paidOnce(face: FaceKit, name: string): Promise<void> {
  const { dailyCap, leftToday } = await face.kit.desk.state();
  assert.equal(dailyCap - leftToday, AMOUNT);
  await face.kit.until(async () => (await face.kit.mempool()).length === 1);
  await face.kit.node.mine(1);
  await face.kit.until(async () => (await face.kit.desk.state()).sent === 0);
  assert.equal(await face.kit.received(name), AMOUNT);
}

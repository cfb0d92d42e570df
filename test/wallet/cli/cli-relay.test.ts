import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEV_MNEMONIC, networkDirectory, PROFILES } from '../../../protocol/network.ts';
import { main } from '../../../wallet/main.ts';
import { createWallet } from '../../../wallet/open-wallet.ts';
import { ScriptedTerminal } from '../../kit/scripted-terminal.ts';
import { type BackendBench, startBackendBench } from '../chain/backend-kit.ts';

const PASSPHRASE = 'only for tests';
/** A file that opens fast. */
const CHEAP = { N: 16, r: 1, p: 1 };

let bench: BackendBench;
let directory: string;

before(async () => {
  bench = await startBackendBench('relay', PROFILES.regtest);
  directory = await mkdtemp(join(tmpdir(), 'nilz-wallet-relay-'));
  const path = join(directory, networkDirectory(PROFILES.regtest), 'wallet.json');
  await mkdir(dirname(path), { recursive: true });
  const { backend } = bench;
  await createWallet({
    ...{
      path,
      profile: PROFILES.regtest,
      backend,
      passphrase: PASSPHRASE,
      mnemonic: DEV_MNEMONIC,
      cost: CHEAP,
    },
  });
});

after(async () => {
  await bench.stop();
  await rm(directory, { recursive: true });
});

/** Runs a command where there is no node: no cookie, no RPC, only a relay. */
async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const terminal = new ScriptedTerminal('');
  const place = { NILZ_NETWORK: 'regtest', NILZ_DATADIR: directory, NILZ_PASSPHRASE: PASSPHRASE };
  const code = await main(argv, { ...place, ...env }, terminal);
  assert.equal(code, 0, terminal.errors);
  return terminal;
}

interface Balance {
  labels: { label: string; spendable_nits: string; pending_nits: string }[];
}

test('nilz wallet pays and tells its history through a relay alone', async () => {
  const relay = ['--relay-url', bench.url];
  const sent = await run([
    ...['send', ...relay, '--from-label', 'alice', '--to', 'bob', '--amount', '2.5', '--yes', '--json'],
  ]);
  const { txid } = sent.json<{ txid: string }>();
  const pending = (await run(['balance', ...relay, '--json'])).json<Balance>();
  assert.equal(pending.labels.find(({ label }) => label === 'bob')?.pending_nits, '250000000');
  const { address } = (await run(['new-address', '--json'])).json<{ address: string }>();
  await bench.mine(1, address);
  // The same place under the name it has for nodes.
  const confirmed = (await run(['balance', '--json'], { NILZ_NODE_URL: bench.url })).json<Balance>();
  assert.equal(confirmed.labels.find(({ label }) => label === 'bob')?.pending_nits, '0');
  const history = (await run(['history', ...relay, '--json'])).json<{
    entries: { txid: string; status: string }[];
  }>();
  const entry = history.entries.find((each) => each.txid === txid);
  assert.equal(entry?.status, 'confirmed');
});

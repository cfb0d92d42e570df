/** Operators' wallets that payouts could not be paid from: each is refused with a sentence that says what to do. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../../../pool/main.ts';
import { DEV_MNEMONIC, type NetworkProfile, PROFILES } from '../../../protocol/network.ts';
import { createWallet, freshMnemonic } from '../../../wallet/open-wallet.ts';
import type { Wallet } from '../../../wallet/wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { POOL_ADDRESS, temporaryDirectory } from '../../kit/pool-kit.ts';

const PASSPHRASE = 'operator of a test';
/** Nobody has to be kept from guessing. */
const CHEAP = { N: 2 ** 10, r: 8, p: 1 };

function makeWallet(path: string, profile: NetworkProfile, mnemonic = freshMnemonic()): Promise<Wallet> {
  const backend = new FakeChain(profile);
  return createWallet({ path, profile, backend, passphrase: PASSPHRASE, mnemonic, cost: CHEAP });
}

test('a pool that could not pay from the operator’s wallet is not started, and says what to do', {
  timeout: 60_000,
}, async (t) => {
  const node = await FakeNode.start();
  t.after(() => node.stop());
  const directory = await temporaryDirectory(t);
  const file = (name: string): string => join(directory, name);
  const put = async (name: string, content: string): Promise<string> => {
    await writeFile(file(name), content);
    return file(name);
  };
  const wallet = await makeWallet(file('operator.json'), PROFILES.dev);
  const { address } = await wallet.newAddress('rewards');
  await makeWallet(file('main.json'), PROFILES.main);
  await makeWallet(file('regtest.json'), PROFILES.regtest, DEV_MNEMONIC);
  await mkdir(file('folder'));
  const text = await readFile(file('operator.json'), 'utf8');
  const log = t.mock.method(console, 'error', () => undefined);
  const refusal = async (
    changes: Readonly<Record<string, unknown>>,
    passphrase: string | undefined = PASSPHRASE,
  ): Promise<{ readonly code: number; readonly says: string }> => {
    const config = {
      node_url: node.url,
      datadir: directory,
      reward_address: address,
      operator_wallet_path: file('operator.json'),
      operator_wallet_label: 'rewards',
      stratum_bind: '127.0.0.1',
      stratum_port: 0,
      port: 0,
      log_level: 'silent',
      ...changes,
    };
    const before = log.mock.callCount();
    const env = { NILZ_POOL_OPERATOR_PASSPHRASE: passphrase };
    const code = await main(['--config', await put('pool_config.json', JSON.stringify(config))], env);
    const said = log.mock.calls.slice(before).map(({ arguments: words }) => words.join(' '));
    assert.equal(said.length, 1, said.join('\n'));
    return { code, says: said[0] ?? '' };
  };
  const wrong = async (
    changes: Readonly<Record<string, unknown>>,
    code: number,
    says: RegExp,
    passphrase?: string,
  ): Promise<void> => {
    const refused = await refusal(changes, passphrase);
    assert.match(refused.says, says);
    assert.equal(refused.code, code, refused.says);
  };

  await wrong(
    {},
    2,
    /NILZ_POOL_OPERATOR_PASSPHRASE is not set: it opens the operator's wallet .*operator\.json/,
    '',
  );
  await wrong(
    {},
    2,
    /NILZ_POOL_OPERATOR_PASSPHRASE does not open the operator's wallet .*operator\.json/,
    'wrong',
  );
  const path = (name: string) => ({ operator_wallet_path: file(name) });
  await wrong(path('nowhere.json'), 2, /--operator-wallet: there is no wallet file .*nilz wallet init/);
  await wrong(path('folder'), 1, /--operator-wallet: the wallet file .*folder cannot be read \(EISDIR/);
  await put('empty.json', '');
  await wrong(path('empty.json'), 1, /--operator-wallet: .*empty\.json: .*damaged: it is empty/);
  await put('torn.json', text.slice(0, 500));
  await wrong(path('torn.json'), 1, /damaged: it is truncated.*backup copy, or restore from the words/);
  await put('changed.json', text.replace(/("data": ")..../, '$1AAAA'));
  await wrong(path('changed.json'), 1, /damaged: its checksum does not match/);
  await wrong(path('pool_config.json'), 2, /--operator-wallet: .* is a JSON file, but no NilzCoin wallet/);
  await wrong(path('main.json'), 2, /is a wallet of the network main .*, not dev .*see --network/);
  await wrong(path('regtest.json'), 2, /is a wallet of the network regtest/);
  await wrong(
    { operator_wallet_label: 'default' },
    2,
    /belongs to the label "rewards" .*set --operator-label "rewards"/,
  );
  await wrong({ operator_wallet_label: 'nobody' }, 2, /set --operator-label "rewards"/);
  await wrong(
    { reward_address: POOL_ADDRESS },
    2,
    /is not in the operator's wallet \(labels: "default", "rewards"\): .*an address that "nilz wallet list" shows/,
  );
  assert.equal(await readFile(file('operator.json'), 'utf8'), text, 'the wallet was not touched');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAUCET_SETTINGS, faucetOptions } from '../../faucet/settings.ts';
import { COIN } from '../../protocol/amount.ts';
import { loadSettings, SettingError } from '../../service/config.ts';

function options(argv: string[], env: Record<string, string> = {}) {
  const { values } = loadSettings(FAUCET_SETTINGS, { command: 'nilz faucet', argv, env });
  return faucetOptions(values, () => assert.fail('no file is read'));
}

test('without any setting it is the faucet of the dev network, paid from its public account', () => {
  const { profile, label, rules, file, payoutIntervalMs } = options([]);
  assert.equal(profile.name, 'dev');
  assert.equal(label, 'faucet');
  assert.equal(file, 'data/dev/faucet.sqlite');
  assert.equal(payoutIntervalMs, 5_000);
  assert.deepEqual(rules, {
    amount: COIN,
    dailyCap: 1_000n * COIN,
    floor: 0n,
    addressCooldownMs: 86_400_000,
    clientCooldownMs: 3_600_000,
    queueLimit: 1_000,
  });
});

test('amounts are exact, and every setting has a variable of its own', () => {
  const env = {
    NILZ_FAUCET_AMOUNT: '0.1',
    NILZ_FAUCET_DAILY_CAP: '0.3',
    NILZ_FAUCET_FLOOR: '12.00000001',
    NILZ_FAUCET_COOLDOWN: '60',
    NILZ_FAUCET_CLIENT_COOLDOWN: '0',
    NILZ_FAUCET_ALLOW: '192.0.2.0/24, 2001:db8::/32',
  };
  const { rules, policy } = options([], env);
  assert.equal(rules.amount, COIN / 10n);
  assert.equal(rules.dailyCap, (3n * COIN) / 10n);
  assert.equal(rules.floor, 12n * COIN + 1n);
  assert.deepEqual([rules.addressCooldownMs, rules.clientCooldownMs], [60_000, 0]);
  assert.deepEqual(policy.allowClients, ['192.0.2.0/24', '2001:db8::/32']);
});

for (const [name, argv, message] of [
  ['an amount that no node relays', ['--amount', '0.00000293'], /--amount .*must be at least 0.00000294/],
  ['an amount finer than a nit', ['--amount', '0.000000001'], /--amount.*more than 8 decimals/],
  ['an amount below zero', ['--amount', '-1'], /--amount.*must be a number of at least 0/],
  ['a day that pays nobody', ['--daily-cap', '0.5'], /--daily-cap 0.5: must not be below --amount 1/],
  ['a network that is none', ['--deny', '192.0.2.0/33'], /--deny.*must be networks/],
  [
    'an address of another network',
    ['--deny-address', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    /--deny-address: .* no address of the network dev/,
  ],
  ['a network without public accounts and no wallet', ['--network', 'main'], /--wallet is missing/],
] as const) {
  test(`${name} stops the start with one line that says what is allowed`, () => {
    assert.throws(
      () => options([...argv]),
      (error: unknown) => {
        assert.ok(error instanceof SettingError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });
}

test('a wallet that is named and cannot be opened is a complaint about its setting', async () => {
  const { openWallet, openBackend } = options(['--wallet', '/nonexistent/wallet.json']);
  const backend = openBackend();
  await assert.rejects(openWallet(backend), {
    name: 'SettingError',
    message: /^--wallet: there is no wallet file/,
  });
  backend.close();
});

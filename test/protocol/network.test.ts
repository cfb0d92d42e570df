import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAddress } from '../../protocol/address.ts';
import { COIN } from '../../protocol/amount.ts';
import { decodeBlock, encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, displayHash, equalBytes } from '../../protocol/bytes.ts';
import { genesisCoins } from '../../protocol/coins.ts';
import { compactToTarget, showBits } from '../../protocol/compact.ts';
import { assertedGenesis, findGenesisNonce } from '../../protocol/genesis.ts';
import { blockHash } from '../../protocol/header.ts';
import { accountOf, seedOf } from '../../protocol/key.ts';
import { merkleRoot } from '../../protocol/merkle.ts';
import {
  changeProfile,
  consensusJson,
  DEV_MNEMONIC,
  magicHex,
  type NetworkProfile,
  networkDirectory,
  PROFILES,
  parseProfile,
  profileByName,
} from '../../protocol/network.ts';
import { ProfileError } from '../../protocol/profile-error.ts';
import { txid } from '../../protocol/transaction.ts';
import { hashToNumber } from '../../protocol/work.ts';

const { main, test: testnet, dev, regtest, 'bitcoin-regtest': bitcoinRegtest } = PROFILES;
const ours = [main, testnet, dev, regtest];

const coinbaseText = ({ genesis }: NetworkProfile) =>
  Buffer.from(genesis.transactions[0]!.inputs[0]!.scriptSig).toString('latin1');

test('the table of the networks', () => {
  const rows = Object.values(PROFILES).map((profile) => [
    profile.name,
    profile.chainName,
    profile.address.hrp,
    magicHex(profile),
    profile.retarget ? `${profile.blockTimeSeconds} s, ${profile.window}` : 'no retarget',
    showBits(profile.powLimitBits),
    profile.futureLimitSeconds,
    profile.maturity,
    profile.reward,
    profile.halvingInterval,
    profile.minimumDifficultyRule,
    profile.coinType,
    profile.mockTime,
  ]);
  const reward = 50n * COIN;
  assert.deepEqual(rows, [
    ['main', 'main', 'nilz', 'e36e696c', '30 s, 30', '1e00ffff', 120, 100, reward, 0, false, 5130572, false],
    ['test', 'test', 'tnilz', 'e3746e69', '30 s, 30', '1f00ffff', 120, 100, reward, 0, true, 1, false],
    ['dev', 'dev', 'dnilz', 'e3646e69', '10 s, 30', '1f00ffff', 60, 10, reward, 0, true, 1, false],
    [
      'regtest',
      'regtest',
      'rnilz',
      'e3726e69',
      'no retarget',
      '207fffff',
      7200,
      100,
      reward,
      0,
      false,
      1,
      true,
    ],
    [
      'bitcoin-regtest',
      'regtest',
      'bcrt',
      'fabfb5da',
      'no retarget',
      '207fffff',
      7200,
      100,
      reward,
      150,
      false,
      1,
      true,
    ],
  ]);
});

for (const profile of Object.values(PROFILES)) {
  test(`the genesis block of ${profile.name} meets its bits, which are the limit, and is its own encoding`, () => {
    const { header, transactions } = profile.genesis;
    assert.equal(header.bits, profile.powLimitBits);
    assert.ok(hashToNumber(blockHash(header)) <= compactToTarget(header.bits));
    assert.ok(equalBytes(profile.genesisHash, blockHash(header)));
    assert.ok(equalBytes(merkleRoot(transactions.map(txid)).root, header.merkleRoot));
    assert.ok(equalBytes(blockHash(decodeBlock(encodeBlock(profile.genesis)).header), profile.genesisHash));
  });
}

for (const profile of ours) {
  test(`the genesis block of ${profile.name} is of 2026-11-20 and says which network it is`, () => {
    assert.equal(profile.genesis.header.version, 1);
    assert.equal(new Date(profile.genesis.header.time * 1000).toISOString(), '2026-11-20T00:00:00.000Z');
    assert.match(coinbaseText(profile), new RegExp(`20/Nov/2026 NilzCoin ${profile.name}: `));
  });
}

test('every network has a genesis block of its own', () => {
  const hashes = new Set(Object.values(PROFILES).map((profile) => displayHash(profile.genesisHash)));
  assert.equal(hashes.size, 5);
});

test('bitcoin-regtest starts with the genesis block of Bitcoin’s regtest', () => {
  assert.equal(
    displayHash(bitcoinRegtest.genesisHash),
    '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
  );
  assert.equal(
    displayHash(bitcoinRegtest.genesis.header.merkleRoot),
    '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  );
  assert.match(coinbaseText(bitcoinRegtest), /Chancellor on brink/);
});

test('the hard-coded nonces of the easy networks are the lowest that fit', () => {
  for (const { genesis } of [dev, regtest, testnet]) {
    const { scriptSig } = genesis.transactions[0]!.inputs[0]!;
    const { outputs } = genesis.transactions[0]!;
    const { time, bits, nonce } = genesis.header;
    assert.equal(findGenesisNonce({ scriptSig, outputs, time, bits }, nonce), undefined);
    assert.equal(findGenesisNonce({ scriptSig, outputs, time, bits }, nonce + 1), nonce);
  }
});

test('a genesis block whose constants do not fit stops the start', () => {
  const { scriptSig } = main.genesis.transactions[0]!.inputs[0]!;
  const { outputs } = main.genesis.transactions[0]!;
  const { time, bits, nonce } = main.genesis.header;
  const hash = displayHash(main.genesisHash);
  assert.throws(
    () => assertedGenesis({ scriptSig, outputs, time: time + 1, bits, nonce }, hash),
    /has the hash/,
  );
  const harder = { scriptSig, outputs, time, bits: 0x1d00ffff, nonce };
  assert.throws(() => assertedGenesis(harder, hash), /has the hash/);
});

test('the five funded accounts are the first keys of the public words, 10,000 NILZ each', () => {
  const account = accountOf(seedOf(DEV_MNEMONIC), 1);
  for (const profile of [dev, regtest]) {
    const outputs = profile.genesis.transactions[0]!.outputs;
    assert.equal(outputs.length, 5);
    assert.deepEqual(
      profile.fundedAccounts.map(({ name }) => name),
      ['alice', 'bob', 'carol', 'pool', 'faucet'],
    );
    for (const { index, script, value } of profile.fundedAccounts) {
      assert.equal(bytesToHex(script), bytesToHex(account.derive(0, index).script));
      assert.equal(value, 10_000n * COIN);
      assert.deepEqual({ script: outputs[index]!.script, value: outputs[index]!.value }, { script, value });
    }
  }
  assert.match(encodeAddress(dev.fundedAccounts[0]!.script, dev.address)!, /^dnilz1q/);
});

test('dev and regtest start with the five coins, the others with none', () => {
  for (const profile of [dev, regtest]) {
    const coins = genesisCoins(profile);
    assert.equal(coins.length, 5);
    for (const [, coin] of coins)
      assert.deepEqual([coin.height, coin.coinbase, coin.value], [0, true, 10_000n * COIN]);
  }
  for (const profile of [main, testnet, bitcoinRegtest]) assert.deepEqual(genesisCoins(profile), []);
});

test('a network is found by its name, and a wrong name lists the right ones', () => {
  assert.equal(profileByName('dev'), dev);
  for (const name of ['', 'mainnet', 'toString', '__proto__']) {
    assert.throws(() => profileByName(name), /expected one of main, test, dev, regtest, bitcoin-regtest/);
  }
});

test('the consensus values are JSON in canonical form: keys sorted, no spaces', () => {
  const text = consensusJson(dev);
  const sorted = (value: unknown): unknown =>
    value !== null && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .sort()
            .map(([key, inner]) => [key, sorted(inner)]),
        )
      : value;
  assert.equal(JSON.stringify(sorted(JSON.parse(text))), text);
});

test('a changed rule makes another network: its own magic and directory', () => {
  const fast = changeProfile(dev, { blockTimeSeconds: 5 });
  assert.equal(fast.blockTimeSeconds, 5);
  assert.notEqual(magicHex(fast), magicHex(dev));
  assert.equal(networkDirectory(fast), `dev-${magicHex(fast)}`);
  assert.equal(networkDirectory(dev), 'dev');
  assert.equal(magicHex(changeProfile(dev, { blockTimeSeconds: 5 })), magicHex(fast));
  const others = [
    changeProfile(dev, { blockTimeSeconds: 6 }),
    changeProfile(dev, { window: 31 }),
    changeProfile(dev, { maturity: 11 }),
    changeProfile(dev, { reward: '49.99999999' }),
    changeProfile(dev, { halvingInterval: 1 }),
    changeProfile(dev, { futureLimitSeconds: 61 }),
    changeProfile(dev, { minimumDifficultyRule: false }),
    changeProfile(dev, { retarget: false }),
    changeProfile(dev, { strictHeightPush: true }),
    changeProfile(dev, { genesis: { sentence: 'another chain' } }),
  ];
  assert.equal(new Set([...others, fast, dev].map(magicHex)).size, others.length + 2);
});

test('a change that makes nothing else valid keeps the network', () => {
  for (const changes of [
    {},
    { blockTimeSeconds: 10 },
    { blockTimeSeconds: undefined },
    { minimumChainWork: 'ff' },
  ]) {
    assert.equal(networkDirectory(changeProfile(dev, changes)), 'dev');
  }
  assert.equal(networkDirectory(changeProfile(regtest, { blockTimeSeconds: 1_000 })), 'regtest');
});

for (const [changes, message] of [
  [{ blockTimeSeconds: 1 }, 'blockTimeSeconds: expected a whole number from 2 to 86400'],
  [{ blockTimeSeconds: 2.5 }, 'blockTimeSeconds: expected a whole number from 2 to 86400'],
  [{ window: 2 }, 'window: expected a whole number from 3 to 1000'],
  [{ reward: '1.000000001' }, 'reward: amount "1.000000001" has more than 8 decimals'],
  [{ powLimitBits: '21000001' }, 'powLimitBits: expected canonical bits up to 207fffff, got 21000001'],
  [{ powLimitBits: '1d0000ff' }, 'powLimitBits: expected canonical bits up to 207fffff, got 1d0000ff'],
  [{ genesis: { nonce: -1 } }, 'genesis.nonce: expected a whole number from 0 to 4294967295'],
] as const) {
  test(`refused: ${message}`, () => {
    assert.throws(() => changeProfile(dev, changes), new ProfileError(message));
  });
}

test('a private network is a file with a name and what is different', () => {
  const school = parseProfile(
    '{"name": "school", "base": "test", "addressPrefix": "sch", "maturity": 5, "reward": 2.5}',
  );
  assert.equal(school.name, 'school');
  assert.equal(school.address.hrp, 'sch');
  assert.equal(school.maturity, 5);
  assert.equal(school.reward, 250_000_000n);
  assert.equal(school.window, testnet.window);
  assert.equal(networkDirectory(school), `school-${magicHex(school)}`);
  // Even a network with the very rules of a built-in one is not that network.
  assert.notEqual(magicHex(parseProfile('{"name": "copy"}')), magicHex(dev));
});

test('a private network with another limit gets a first block that meets it', () => {
  const easy = parseProfile('{"name": "easy", "powLimitBits": "2000ffff", "genesis": {"sentence": "hello"}}');
  assert.equal(showBits(easy.genesis.header.bits), '2000ffff');
  assert.match(coinbaseText(easy), /hello/);
  assert.ok(hashToNumber(easy.genesisHash) <= compactToTarget(0x2000ffff));
  assert.equal(easy.fundedAccounts.length, 5);
});

for (const [file, message] of [
  ['{', /^network file is not JSON: /],
  ['[]', /^network: /],
  ['{}', /^name: expected lower-case letters, digits and dashes/],
  ['{"name": "dev"}', /^name: is the name of a built-in network, choose another$/],
  ['{"name": "x", "base": "mainnet"}', /^base: expected one of main, test, dev, regtest, bitcoin-regtest$/],
  ['{"name": "x", "blocktime": 5}', /^network: Unrecognized key: "blocktime"$/],
  ['{"name": "x", "maturity": "5"}', /^maturity: expected a whole number from 1 to 100000$/],
  [
    '{"name": "x", "powLimitBits": "1d00ffff"}',
    /^genesis\.nonce: must be given, finding one takes about 4295032833 hashes$/,
  ],
  ['{"name": "x", "genesis": {"nonce": 5}}', /^genesis\.nonce: 5 does not meet the limit 1f00ffff$/],
] as const) {
  test(`a network file is refused: ${file}`, () => {
    assert.throws(
      () => parseProfile(file),
      (error) => error instanceof ProfileError && message.test(error.message),
    );
  });
}

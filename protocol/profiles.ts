import { BITCOIN_FORMATS } from './address.ts';
import { COIN } from './amount.ts';
import { hexToBytes } from './bytes.ts';
import { assertedGenesis, sentenceScript, UNSPENDABLE_OUTPUT } from './genesis.ts';
import type { FundedAccount, NetworkProfile } from './network-profile.ts';
import type { TxOutput } from './transaction.ts';
import type { Bits } from './units.ts';

/** The words the funded accounts of dev and regtest come from. Public: nothing of worth may be kept there. */
export const DEV_MNEMONIC = 'test test test test test test test test test test test junk';

/** Scripts of `DEV_MNEMONIC` at m/84'/1'/0'/0/0…4. */
const FUNDED_ACCOUNTS: readonly FundedAccount[] = (
  [
    ['alice', '001407185fa28850eb2b0dfdbf26f6b528a1a6b34b3f'],
    ['bob', '0014f824a0b60bc8436c0cf2b04bb83dc1664872ae7d'],
    ['carol', '0014701c69bc3dc975595a22e1c461c7fc54892787db'],
    ['pool', '001478d84b8e95d50636a77d67e5af73c3e5183ac6b8'],
    ['faucet', '001467dc60e37013b8beefc4b31d857943f54fd28850'],
  ] as const
).map(([name, script], index) => ({ name, index, script: hexToBytes(script), value: 10_000n * COIN }));

/** 2026-11-20 00:00 UTC. */
const GENESIS_TIME = 1_795_132_800;

/** The nonces are the lowest there are: `findGenesisNonce`. */
function genesisOf(name: string, outputs: readonly TxOutput[], bits: Bits, nonce: number, hash: string) {
  const scriptSig = sentenceScript(`20/Nov/2026 NilzCoin ${name}: today one command starts a coin`);
  return assertedGenesis({ scriptSig, outputs, time: GENESIS_TIME, bits, nonce }, hash);
}

const MAIN_GENESIS = genesisOf(
  'main',
  [UNSPENDABLE_OUTPUT],
  0x1e00ffff,
  29_561_547,
  '000000690e6a6e74acaff30785b4fba2212cee95ac55d2b567d6555a42680a78',
);

const TEST_GENESIS = genesisOf(
  'test',
  [UNSPENDABLE_OUTPUT],
  0x1f00ffff,
  230_846,
  '000023d75f5a8be3614f83e9a6fa86e317c541e878ba88eb17fdc31e3ab34c05',
);

const DEV_GENESIS = genesisOf(
  'dev',
  FUNDED_ACCOUNTS,
  0x1f00ffff,
  206_398,
  '0000903b0e3bcdb5d8b8f6ca0d5c1aa39c65a640c31425b7873dc60941070c71',
);

const REGTEST_GENESIS = genesisOf(
  'regtest',
  FUNDED_ACCOUNTS,
  0x207fffff,
  1,
  '1139a2a9747069d7d8f26acad41cdb9ab65afae059531e156a7be8a690e89698',
);

/** Source: Bitcoin Core, CRegTestParams. Its output pays a bare key, so here too no coin comes of it. */
const BITCOIN_REGTEST_GENESIS = assertedGenesis(
  {
    scriptSig: hexToBytes(
      '04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66' +
        '207365636f6e64206261696c6f757420666f722062616e6b73',
    ),
    outputs: [
      {
        value: 50n * COIN,
        script: hexToBytes(
          '4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c' +
            '384df7ba0b8d578a4c702b6bf11d5fac',
        ),
      },
    ],
    time: 1_296_688_602,
    bits: 0x207fffff,
    nonce: 2,
  },
  '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
);

const MAIN: NetworkProfile = Object.freeze({
  name: 'main',
  chainName: 'main',
  address: { hrp: 'nilz' },
  magic: hexToBytes('e36e696c'),
  blockTimeSeconds: 30,
  window: 30,
  retarget: true,
  powLimitBits: 0x1e00ffff,
  minimumDifficultyRule: false,
  futureLimitSeconds: 120,
  minimumChainWork: 0n,
  maturity: 100,
  reward: 50n * COIN,
  halvingInterval: 0,
  strictHeightPush: false,
  segwitHeight: 0,
  coinType: 5_130_572,
  mockTime: false,
  genesis: MAIN_GENESIS.block,
  genesisHash: MAIN_GENESIS.hash,
  fundedAccounts: [],
});

const TEST: NetworkProfile = Object.freeze({
  ...MAIN,
  name: 'test',
  chainName: 'test',
  address: { hrp: 'tnilz' },
  magic: hexToBytes('e3746e69'),
  powLimitBits: 0x1f00ffff,
  minimumDifficultyRule: true,
  coinType: 1,
  genesis: TEST_GENESIS.block,
  genesisHash: TEST_GENESIS.hash,
});

const DEV: NetworkProfile = Object.freeze({
  ...TEST,
  name: 'dev',
  chainName: 'dev',
  address: { hrp: 'dnilz' },
  magic: hexToBytes('e3646e69'),
  blockTimeSeconds: 10,
  futureLimitSeconds: 60,
  maturity: 10,
  genesis: DEV_GENESIS.block,
  genesisHash: DEV_GENESIS.hash,
  fundedAccounts: FUNDED_ACCOUNTS,
});

const REGTEST: NetworkProfile = Object.freeze({
  ...DEV,
  name: 'regtest',
  chainName: 'regtest',
  address: { hrp: 'rnilz' },
  magic: hexToBytes('e3726e69'),
  retarget: false,
  powLimitBits: 0x207fffff,
  minimumDifficultyRule: false,
  futureLimitSeconds: 7_200,
  maturity: 100,
  mockTime: true,
  genesis: REGTEST_GENESIS.block,
  genesisHash: REGTEST_GENESIS.hash,
});

const BITCOIN_REGTEST: NetworkProfile = Object.freeze({
  ...REGTEST,
  name: 'bitcoin-regtest',
  address: BITCOIN_FORMATS.regtest,
  magic: hexToBytes('fabfb5da'),
  halvingInterval: 150,
  strictHeightPush: true,
  // The first block for which BIP 9 can have it active: three periods of 144.
  segwitHeight: 432,
  genesis: BITCOIN_REGTEST_GENESIS.block,
  genesisHash: BITCOIN_REGTEST_GENESIS.hash,
  fundedAccounts: [],
});

export const NETWORK_NAMES = ['main', 'test', 'dev', 'regtest', 'bitcoin-regtest'] as const;

export type NetworkName = (typeof NETWORK_NAMES)[number];

/** The networks that are built in. */
export const PROFILES: Readonly<Record<NetworkName, NetworkProfile>> = Object.freeze({
  main: MAIN,
  test: TEST,
  dev: DEV,
  regtest: REGTEST,
  'bitcoin-regtest': BITCOIN_REGTEST,
});

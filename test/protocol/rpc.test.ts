import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import {
  AddressBalance,
  AddressMempoolEntry,
  AddressUtxo,
  BlockchainInfo,
  BlockTemplate,
  MempoolAcceptance,
  RawTransaction,
  RPC_ERRORS,
} from '../../protocol/rpc.ts';

const HASH = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f';
const TXID = '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b';

/** As Bitcoin Core answers, with fields nobody here reads. */
const TEMPLATE = {
  capabilities: ['proposal'],
  version: 536870912,
  rules: ['csv', '!segwit', 'taproot'],
  vbavailable: {},
  vbrequired: 0,
  previousblockhash: HASH,
  transactions: [{ data: '0100', txid: TXID, hash: TXID, depends: [], fee: 1410, sigops: 1, weight: 561 }],
  coinbaseaux: {},
  coinbasevalue: 5000001410,
  longpollid: `${HASH}12`,
  target: '00000000ffff0000000000000000000000000000000000000000000000000000',
  mintime: 1296688603,
  mutable: ['time', 'transactions', 'prevblock'],
  noncerange: '00000000ffffffff',
  sigoplimit: 80000,
  sizelimit: 4000000,
  weightlimit: 4000000,
  curtime: 1296688703,
  bits: '1d00ffff',
  height: 1,
  default_witness_commitment: '6a24aa21a9ed',
};

test('a block template is read into bytes, nits and numbers', () => {
  const template = BlockTemplate.parse(TEMPLATE);
  assert.equal(displayHash(template.previousblockhash), HASH);
  assert.equal(template.coinbasevalue, 5_000_001_410n);
  assert.equal(template.target, 0xffffn << 208n);
  assert.equal(template.bits, 0x1d00ffff);
  const [transaction] = template.transactions;
  assert.deepEqual([bytesToHex(transaction!.data), displayHash(transaction!.txid)], ['0100', TXID]);
  assert.equal(transaction!.fee, 1410n);
});

test('what older nodes leave out of a template is filled in or stays unknown', () => {
  const { rules: _, mutable: __, coinbaseaux: ___, longpollid: ____, ...rest } = TEMPLATE;
  const { default_witness_commitment: _____, ...bare } = rest;
  const template = BlockTemplate.parse(bare);
  assert.deepEqual([template.rules, template.mutable, template.coinbaseaux], [[], [], {}]);
  assert.deepEqual([template.longpollid, template.default_witness_commitment], [undefined, undefined]);
});

for (const [field, value, complaint] of [
  ['previousblockhash', 'abcd', /a hash has 64 hexadecimal digits, not 4/],
  ['previousblockhash', 'g'.repeat(64), /hex holds "g" at position 0/],
  ['bits', '1d00fff', /not 8 hex digits/],
  ['target', 'xyz', /up to 64 lower-case hex digits/],
  ['coinbasevalue', '5000000000', /expected number/],
  ['coinbasevalue', 0.5, /expected int/],
  ['height', 0, />0/],
  ['curtime', undefined, /expected number/],
  ['transactions', [{ data: '0', txid: TXID, hash: TXID }], /odd number of digits/],
] as const) {
  test(`a template is refused where ${field} is ${JSON.stringify(value)?.slice(0, 20)}`, () => {
    const result = BlockTemplate.safeParse({ ...TEMPLATE, [field]: value });
    assert.equal(result.success, false);
    const [issue] = result.error!.issues;
    assert.equal(issue!.path[0], field);
    assert.match(issue!.message, complaint);
  });
}

test('chain information of Bitcoin nodes is read, ours says more', () => {
  const info = {
    chain: 'regtest',
    blocks: 0,
    headers: 0,
    bestblockhash: HASH,
    difficulty: 4.6e-10,
    warnings: '',
  };
  assert.equal(BlockchainInfo.parse(info).nilzcoin, undefined);
  const nilzcoin = {
    network: 'dev',
    address_prefix: 'dnilz',
    magic: 'e3646e69',
    maturity: 10,
    block_time: 10,
    coin_type: 1,
  };
  assert.deepEqual(BlockchainInfo.parse({ ...info, chainwork: 'ff', nilzcoin }).nilzcoin, nilzcoin);
});

test('amounts in NILZ become exact nits', () => {
  const transaction = {
    txid: TXID,
    hash: TXID,
    version: 2,
    size: 100,
    vsize: 80,
    weight: 320,
    locktime: 0,
    vin: [{ txid: TXID, vout: 1, scriptSig: { asm: '', hex: '' }, sequence: 4294967293 }],
    vout: [0.1, 1e-8, 20999999.9769, '0.29'].map((value, n) => ({
      value,
      n,
      scriptPubKey: { asm: '', hex: '00', type: 'nonstandard' },
    })),
  };
  const { vout } = RawTransaction.parse(transaction);
  assert.deepEqual(
    vout.map(({ value }) => value),
    [10_000_000n, 1n, 2_099_999_997_690_000n, 29_000_000n],
  );
  const bad = { ...transaction, vout: [{ ...transaction.vout[0], value: 0.123456789 }] };
  assert.match(RawTransaction.safeParse(bad).error!.issues[0]!.message, /more than 8 decimals/);
});

test('sums beyond what a JSON number holds are read from their digits', () => {
  const names = ['balance', 'received', 'spendable', 'immature', 'pending'];
  const sums = Object.fromEntries(
    names.flatMap((name) => [
      [name, 1],
      [`${name}_nits`, '90071992547409931234'],
    ]),
  );
  assert.equal(AddressBalance.parse(sums).received_nits, 90_071_992_547_409_931_234n);
  assert.equal(AddressBalance.parse({ ...sums, pending_nits: '-5' }).pending_nits, -5n);
  assert.equal(AddressBalance.safeParse({ ...sums, balance_nits: '1.5' }).success, false);
});

test('rows of the address index', () => {
  const utxo = {
    address: 'dnilz1q',
    txid: TXID,
    outputIndex: 0,
    script: '0014',
    satoshis: 5_000_000_000,
    height: 7,
    coinbase: true,
    confirmations: 3,
    spendable: false,
  };
  assert.equal(AddressUtxo.parse(utxo).satoshis, 5_000_000_000n);
  const spent = {
    address: 'dnilz1q',
    txid: TXID,
    index: 1,
    satoshis: -5,
    timestamp: 1,
    prevtxid: HASH,
    prevout: 0,
  };
  assert.equal(AddressMempoolEntry.parse(spent).satoshis, -5n);
  const refused = { txid: TXID, allowed: false, 'reject-reason': 'dust' };
  assert.equal(MempoolAcceptance.parse(refused)['reject-reason'], 'dust');
});

test('error codes are Bitcoin Core’s', () => {
  assert.deepEqual(
    [RPC_ERRORS.misc, RPC_ERRORS.notFound, RPC_ERRORS.deserializationError, RPC_ERRORS.methodNotFound],
    [-1, -5, -22, -32601],
  );
});

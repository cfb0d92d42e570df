import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutScript, Script } from '@scure/btc-signer';
import fc from 'fast-check';
import { bytesToHex, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import {
  countSigops,
  disassemble,
  isP2wpkh,
  isPushOnly,
  isUnspendable,
  p2wpkhProgram,
  p2wpkhScript,
  pushData,
  pushHeight,
  scriptType,
  witnessProgram,
} from '../../protocol/script.ts';
import { arbitraryBytes } from './arbitraries.ts';

const KEY_HASH = 'c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2';
const KEY = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
const LONG_KEY = `04${'79'.repeat(64)}`;

test('BIP 34: a height is pushed as the shortest script number', () => {
  const pushes: [height: number, hex: string][] = [
    [0, '00'],
    [1, '51'],
    [16, '60'],
    [17, '0111'],
    [127, '017f'],
    [128, '028000'],
    [255, '02ff00'],
    [256, '020001'],
    [32_767, '02ff7f'],
    [32_768, '03008000'],
    [482_683, '037b5d07'],
    [8_388_608, '0400008000'],
    [2_147_483_648, '050000008000'],
  ];
  for (const [height, hex] of pushes) assert.equal(bytesToHex(pushHeight(height)), hex, String(height));
  for (const bad of [-1, 1.5, Number.NaN, 2 ** 53]) assert.throws(() => pushHeight(bad), RangeError);
});

test('data is pushed by its length', () => {
  const starts: [length: number, hex: string][] = [
    [0, '00'],
    [75, '4b'],
    [76, '4c4c'],
    [255, '4cff'],
    [256, '4d0001'],
    [65_536, '4e00000100'],
  ];
  for (const [length, hex] of starts) {
    const pushed = pushData(new Uint8Array(length));
    assert.equal(bytesToHex(pushed.subarray(0, pushed.length - length)), hex);
    assert.ok(isPushOnly(pushed));
  }
});

test('BIP 141: a P2WPKH script is version 0 and 20 bytes', () => {
  const script = p2wpkhScript(hexToBytes(KEY_HASH));
  assert.equal(bytesToHex(script), `0014${KEY_HASH}`);
  assert.ok(isP2wpkh(script));
  assert.equal(bytesToHex(p2wpkhProgram(script)!), KEY_HASH);
  assert.throws(() => p2wpkhScript(new Uint8Array(32)), RangeError);
  for (const other of [
    `0015${KEY_HASH}`,
    `5114${KEY_HASH}`,
    `0014${KEY_HASH}00`,
    `0014${KEY_HASH.slice(2)}`,
    '',
  ]) {
    assert.equal(p2wpkhProgram(hexToBytes(other)), undefined, other);
  }
});

test('BIP 141: a witness program has 2 to 40 bytes behind one version opcode', () => {
  assert.deepEqual(witnessProgram(hexToBytes('6002751e')), { version: 16, program: hexToBytes('751e') });
  assert.equal(witnessProgram(concatBytes(hexToBytes('5128'), new Uint8Array(40)))?.version, 1);
  for (const other of ['', '00', '0001aa', '6102aaaa', '4f02aaaa', '5002aaaa', '0002aa', '0002aaaaaa']) {
    assert.equal(witnessProgram(hexToBytes(other)), undefined, other);
  }
  assert.equal(witnessProgram(concatBytes(hexToBytes('0029'), new Uint8Array(41))), undefined);
});

test('kinds of scripts have the names Bitcoin Core gives them', () => {
  const zeros = (length: number) => '00'.repeat(length);
  const kinds: [hex: string, type: string][] = [
    [`0014${zeros(20)}`, 'witness_v0_keyhash'],
    [`0020${zeros(32)}`, 'witness_v0_scripthash'],
    [`5120${zeros(32)}`, 'witness_v1_taproot'],
    ['51024e73', 'anchor'],
    ['51024e74', 'witness_unknown'],
    [`5220${zeros(32)}`, 'witness_unknown'],
    [`0015${zeros(21)}`, 'nonstandard'],
    [`76a914${zeros(20)}88ac`, 'pubkeyhash'],
    [`76a914${zeros(20)}88ad`, 'nonstandard'],
    [`a914${zeros(20)}87`, 'scripthash'],
    [`21${KEY}ac`, 'pubkey'],
    [`41${LONG_KEY}ac`, 'pubkey'],
    [`21${KEY.replace('02', '05')}ac`, 'nonstandard'],
    [`5121${KEY}41${LONG_KEY}52ae`, 'multisig'],
    [`5321${KEY}21${KEY}52ae`, 'nonstandard'],
    [`5121${KEY}52ae`, 'nonstandard'],
    ['51ae', 'nonstandard'],
    ['6a', 'nulldata'],
    ['6a24aa21a9ed', 'nonstandard'], // the push runs over the end
    ['6a0548656c6c6f', 'nulldata'],
    ['6a76', 'nonstandard'],
    ['', 'nonstandard'],
    ['51', 'nonstandard'],
  ];
  for (const [hex, type] of kinds) assert.equal(scriptType(hexToBytes(hex)), type, hex);
});

const LIBRARY_NAMES: Record<string, string> = {
  pk: 'pubkey',
  pkh: 'pubkeyhash',
  sh: 'scripthash',
  wpkh: 'witness_v0_keyhash',
  wsh: 'witness_v0_scripthash',
  tr: 'witness_v1_taproot',
  p2a: 'anchor',
  ms: 'multisig',
};

/** What the independent library takes a script for; it throws where a push runs over the end. */
function libraryType(script: Uint8Array): string {
  try {
    return LIBRARY_NAMES[OutScript.decode(script).type] ?? 'nonstandard';
  } catch {
    return 'nonstandard';
  }
}

test('kinds of scripts agree with an independent library', () => {
  const starts = ['0014', '0020', '76a914', 'a914', `21${KEY}ac`, `5121${KEY}51ae`, '5102'].map(hexToBytes);
  const middles = ['', '4e73', '07'.repeat(20), '07'.repeat(32)].map(hexToBytes);
  const ends = ['', '88ac', '87', 'ac'].map(hexToBytes);
  for (const start of starts) {
    for (const middle of middles) {
      for (const end of ends) {
        const script = concatBytes(start, middle, end);
        const ours = scriptType(script).replace('witness_unknown', 'nonstandard'); // it has no name for these
        assert.equal(libraryType(script), ours, bytesToHex(script));
      }
    }
  }
});

test('OP_RETURN first or more than 10,000 bytes: nobody can ever spend it', () => {
  assert.ok(isUnspendable(Uint8Array.of(0x6a)));
  assert.ok(isUnspendable(new Uint8Array(10_001)));
  assert.ok(!isUnspendable(new Uint8Array(10_000)));
  assert.ok(!isUnspendable(Uint8Array.of(0x51, 0x6a)));
  assert.ok(!isUnspendable(new Uint8Array(0)));
});

test('signature operations are counted the old way', () => {
  const counts: [hex: string, count: number][] = [
    ['', 0],
    ['ac', 1],
    ['ad', 1],
    ['ae', 20],
    ['5121aeaf', 0], // a push over the end stops the count
    ['51ae51af', 40],
    ['01acac', 1], // the pushed byte does not count
    ['4c02acacac', 1],
    ['ac4d', 1],
    ['ac4effffffff', 1],
    [`76a914${KEY_HASH}88ac`, 1],
    [`0014${KEY_HASH}`, 0],
  ];
  for (const [hex, count] of counts) assert.equal(countSigops(hexToBytes(hex)), count, hex);
});

test('push-only scripts hold nothing above OP_16', () => {
  for (const hex of ['', '00', '0101', '4f', '50', '60', '4c0161'])
    assert.ok(isPushOnly(hexToBytes(hex)), hex);
  for (const hex of ['61', '0161ac', '02aa', '4c', '4d01']) assert.ok(!isPushOnly(hexToBytes(hex)), hex);
});

test('a script is written out as Bitcoin Core does', () => {
  const written: [hex: string, asm: string][] = [
    ['', ''],
    ['00', '0'],
    [`0014${KEY_HASH}`, `0 ${KEY_HASH}`],
    [`76a914${KEY_HASH}88ac`, `OP_DUP OP_HASH160 ${KEY_HASH} OP_EQUALVERIFY OP_CHECKSIG`],
    ['4f5160', '-1 1 16'],
    ['047fffffff', '-2147483519'],
    ['0180', '0'],
    ['0181', '-1'],
    ['020001', '256'],
    ['050102030405', '0102030405'],
    ['6a0548656c6c6f', 'OP_RETURN 48656c6c6f'],
    [
      '50b0b1b2baff',
      'OP_RESERVED OP_NOP1 OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_CHECKSIGADD OP_INVALIDOPCODE',
    ],
    ['bb', 'OP_UNKNOWN'],
    ['5102aa', '1 [error]'],
    ['4c', '[error]'],
  ];
  for (const [hex, asm] of written) assert.equal(disassemble(hexToBytes(hex)), asm, hex);
});

test('any bytes can be looked at as a script', () => {
  fc.assert(
    fc.property(arbitraryBytes(0, 100), (script) => {
      scriptType(script);
      disassemble(script);
      countSigops(script);
      // The independent parser throws exactly where a push runs over the end.
      let whole = true;
      try {
        Script.decode(script);
      } catch {
        whole = false;
      }
      if (whole) assert.ok(!disassemble(script).includes('[error]'), bytesToHex(script));
    }),
  );
});

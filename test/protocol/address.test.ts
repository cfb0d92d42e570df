import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Address, NETWORK, OutScript, TEST_NETWORK } from '@scure/btc-signer';
import fc from 'fast-check';
import {
  AddressError,
  type AddressFormat,
  BITCOIN_FORMATS,
  decodeAddress,
  encodeAddress,
} from '../../protocol/address.ts';
import { bytesToHex, concatBytes } from '../../protocol/bytes.ts';
import { arbitraryBytes } from './arbitraries.ts';

const { main, test: testnet, regtest } = BITCOIN_FORMATS;
const dev: AddressFormat = { hrp: 'dnilz' };

function refuses(text: string, format: AddressFormat, reason: RegExp): void {
  assert.throws(
    () => decodeAddress(text, format),
    (error) => {
      assert.ok(error instanceof AddressError, String(error));
      assert.match(error.message, reason, text);
      return true;
    },
    text,
  );
}

test('the valid addresses of BIP 350 give their scripts', () => {
  const valid: [address: string, format: AddressFormat, script: string][] = [
    ['BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', main, '0014751e76e8199196d454941c45d1b3a323f1433bd6'],
    [
      'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
      testnet,
      '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
    ],
    [
      'bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y',
      main,
      '5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6',
    ],
    ['BC1SW50QGDZ25J', main, '6002751e'],
    ['bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', main, '5210751e76e8199196d454941c45d1b3a323'],
    [
      'tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c',
      testnet,
      '5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433',
    ],
    [
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
      main,
      '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    ],
  ];
  for (const [address, format, script] of valid) {
    assert.equal(bytesToHex(decodeAddress(address, format).script), script, address);
    assert.equal(encodeAddress(decodeAddress(address, format).script, format), address.toLowerCase());
  }
});

test('the invalid addresses of BIP 350 are refused for their reasons', () => {
  const invalid: [address: string, format: AddressFormat, reason: RegExp][] = [
    ['tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut', main, /prefix "tc1".*"bc1"/],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd', main, /checksum of another version/],
    [
      'tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf',
      testnet,
      /checksum of another version/,
    ],
    ['BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL', main, /checksum of another version/],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh', main, /version 0 has the checksum of another version/],
    ['bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4', main, /holds "o"/],
    ['BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R', main, /no witness version/],
    ['bc1pw5dgrnzv', main, /program of 1 bytes/],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav', main, /of 41 bytes/],
    ['BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P', main, /version 0 holds 16 bytes/],
    ['tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq', testnet, /upper and lower case/],
    ['bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf', main, /bad padding/],
    ['tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j', testnet, /bad padding/],
    ['bc1gmk9yu', main, /no witness version/],
  ];
  for (const [address, format, reason] of invalid) refuses(address, format, reason);
});

test('what is wrong with an address is said', () => {
  const good = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu';
  refuses('', dev, /is empty/);
  refuses(` ${good}`, main, /holds the character " "/);
  refuses(good, dev, /prefix "bc1", this network's is "dnilz1"/);
  refuses(good.replace('8te4', '8te5'), main, /bad checksum, look for a typing error/);
  refuses(good.replace('8te4', '8te1'), main, /holds "1"/);
  refuses('alice', dev, /no address, one starts with "dnilz1"/);
  refuses('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', main, /bad checksum/);
  refuses(
    '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
    dev,
    /Bitcoin base58 address, this network's start with "dnilz1"/,
  );
  refuses('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', testnet, /version byte 0, which belongs to another network/);
  refuses('5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ', main, /no address/);
  refuses(`bc1q${'q'.repeat(100)}`, main, /104 characters/);
  refuses('1'.repeat(1_000_000), main, /no address/);
});

test('changing any one character of an address is noticed', () => {
  const valid = encodeAddress(decodeAddress('bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu', main).script, dev)!;
  for (let at = 0; at < valid.length; at++) {
    for (const character of '0q9az') {
      if (valid[at] === character) continue;
      const changed = valid.slice(0, at) + character + valid.slice(at + 1);
      assert.throws(() => decodeAddress(changed, dev), AddressError, changed);
    }
  }
});

const networks = [
  [main, NETWORK],
  [testnet, TEST_NETWORK],
  [regtest, { ...TEST_NETWORK, bech32: 'bcrt' }],
] as const;

test('addresses agree with an independent library, both ways', () => {
  const kinds = ['pkh', 'sh', 'wpkh', 'wsh'] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      arbitraryBytes(32),
      fc.constantFrom(...networks),
      (type, hash, [format, network]) => {
        const program = type === 'wsh' ? hash : hash.subarray(0, 20);
        // The library types each kind on its own; all four have this shape.
        const payment = { type, hash: program.slice() } as { type: 'pkh'; hash: Uint8Array<ArrayBuffer> };
        const address = Address(network).encode(payment);
        const script = OutScript.encode(payment);
        const decoded = decodeAddress(address, format);
        assert.equal(decoded.type, `p2${type}`);
        assert.deepEqual(decoded.program, payment.hash);
        assert.deepEqual(decoded.script, new Uint8Array(script));
        assert.equal(encodeAddress(script, format), address);
      },
    ),
  );
});

test('a taproot address agrees with an independent library', () => {
  const pubkey = decodeAddress(
    'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
    main,
  ).program;
  for (const [format, network] of networks) {
    const address = Address(network).encode({ type: 'tr', pubkey });
    const { type, version, script } = decodeAddress(address, format);
    assert.deepEqual([type, version], ['p2tr', 1]);
    assert.equal(encodeAddress(script, format), address);
  }
});

test('a script without an address has none', () => {
  const hash = new Uint8Array(20);
  const p2pkh = concatBytes(Uint8Array.of(0x76, 0xa9, 20), hash, Uint8Array.of(0x88, 0xac));
  const p2sh = concatBytes(Uint8Array.of(0xa9, 20), hash, Uint8Array.of(0x87));
  assert.equal(encodeAddress(p2pkh, dev), undefined);
  assert.equal(encodeAddress(p2sh, dev), undefined);
  for (const script of [[], [0x6a], [0x51], [0, 3, 1, 2, 3], [0x51, 1, 1]]) {
    assert.equal(encodeAddress(Uint8Array.from(script), main), undefined, String(script));
  }
});

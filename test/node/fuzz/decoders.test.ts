import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressError, BITCOIN_FORMATS, decodeAddress, encodeAddress } from '../../../protocol/address.ts';
import { type Block, decodeBlock, decodeBlockSteps, encodeBlock } from '../../../protocol/block.ts';
import { CodecError } from '../../../protocol/bytes.ts';
import { checkBlock } from '../../../protocol/check-block.ts';
import { checkTransaction } from '../../../protocol/check-transaction.ts';
import { decodeHeader, encodeHeader } from '../../../protocol/header.ts';
import { followProof, merkleBlockCodec, proveLeaves } from '../../../protocol/merkle-block.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { RuleError } from '../../../protocol/rules.ts';
import { countSigops, disassemble, isPushOnly, scriptType } from '../../../protocol/script.ts';
import { isSignedBy } from '../../../protocol/signed-message.ts';
import { atOnce } from '../../../protocol/steps.ts';
import {
  encodeError,
  encodeNotification,
  encodeRequest,
  encodeResult,
  parseLine,
  parseNotify,
  parseSubmit,
  StratumError,
} from '../../../protocol/stratum.ts';
import { decodeTransaction, encodeTransaction, txid } from '../../../protocol/transaction.ts';
import { mutated } from '../../kit/fuzz-bytes.ts';
import { FuzzSubject } from '../../kit/fuzz-messages.ts';
import { type FuzzRandom, fuzz } from '../../kit/fuzz-random.ts';

const subject = new FuzzSubject({ common: 5, honest: 5 });
const BLOCK: Block = subject.kit.mineBlock(subject.kit.genesis, subject.transactions).block;
const TEXTS = [
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy',
];
const HEX32 = 'ab'.repeat(32);
const LINES = [
  encodeRequest(1, 'mining.subscribe', ['fuzz/1.0', null]),
  encodeRequest(2, 'mining.authorize', ['user.worker', 'd=1024']),
  encodeRequest('x', 'mining.submit', ['user', 'job', '00000001', '65a1b2c3', 'deadbeef', '1fffe000']),
  encodeNotification('mining.notify', [
    'j',
    HEX32,
    '0100',
    'ff',
    [HEX32],
    '20000000',
    '1d00ffff',
    '65a1b2c3',
    true,
  ]),
  encodeResult(3, [[['mining.notify', 'a']], '01020304', 4]),
  encodeError(4, { code: 23, message: 'low difficulty' }),
];

/** Runs a decoder: undefined where it refuses, and it refuses with one kind of error alone. */
function decoded<T>(decode: () => T, refusal: new (...args: never[]) => Error): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
    assert.ok(error.message.length > 0 && error.message.length < 1_000);
    return undefined;
  }
}

type Decoder = (random: FuzzRandom) => void;

const same = (actual: Uint8Array, expected: Uint8Array): void =>
  assert.deepEqual(Buffer.from(actual), Buffer.from(expected));

const DECODERS: Readonly<Record<string, Decoder>> = {
  transaction: (random) => {
    const bytes = mutated(encodeTransaction(subject.transaction(random)), random);
    const transaction = decoded(() => decodeTransaction(bytes), CodecError);
    if (transaction === undefined) return;
    same(encodeTransaction(transaction), bytes);
    decoded(() => checkTransaction(transaction), RuleError);
  },
  block: (random) => {
    const bytes = mutated(encodeBlock(BLOCK), random);
    const block = decoded(() => decodeBlock(bytes), CodecError);
    const inSteps = decoded(() => atOnce(decodeBlockSteps(bytes)), CodecError);
    assert.equal(inSteps === undefined, block === undefined);
    if (block === undefined) return;
    same(encodeBlock(block), bytes);
    decoded(() => checkBlock(block), RuleError);
  },
  header: (random) => {
    const bytes = mutated(encodeHeader(BLOCK.header), random);
    const header = decoded(() => decodeHeader(bytes), CodecError);
    if (header) same(encodeHeader(header), bytes);
  },
  'proof of transactions': (random) => {
    const leaves = BLOCK.transactions.map(txid);
    const proof = proveLeaves(BLOCK.header, leaves, [random.int(0, leaves.length - 1), 1]);
    const bytes = mutated(merkleBlockCodec.encode(proof), random);
    const changed = decoded(() => merkleBlockCodec.decode(bytes), CodecError);
    if (changed) followProof(changed);
  },
  script: (random) => {
    const script = random.once(2) ? random.bytes(random.int(0, 60)) : mutated(random.bytes(25), random);
    disassemble(script);
    scriptType(script);
    isPushOnly(script);
    assert.ok(countSigops(script) <= 20 * script.length);
  },
  address: (random) => {
    const own = encodeAddress(BLOCK.transactions[0]!.outputs[0]!.script, PROFILES.regtest.address)!;
    const original = random.pick([own, ...TEXTS]);
    const text = new TextDecoder().decode(mutated(new TextEncoder().encode(original), random));
    for (const format of [BITCOIN_FORMATS.main, PROFILES.regtest.address]) {
      const address = decoded(() => decodeAddress(text, format), AddressError);
      // A bech32 address may be all capitals (BIP 173).
      if (address)
        assert.ok([text, text.toLowerCase()].includes(encodeAddress(address.script, format) ?? ''));
    }
  },
  'signed message': (random) => {
    const address = decodeAddress(random.pick([TEXTS[0]!, TEXTS[2]!]), BITCOIN_FORMATS.main);
    const signature = random.bytes(65).fill(random.int(26, 43), 0, 1);
    assert.equal(isSignedBy(address, signature, 'message'), false);
  },
  'Stratum line': (random) => {
    const line = new TextDecoder().decode(mutated(new TextEncoder().encode(random.pick(LINES)), random));
    const message = parseLine(line);
    if (message.kind === 'request' || message.kind === 'notification') {
      decoded(() => parseSubmit(message.params, 4), StratumError);
      decoded(() => parseNotify(message.params), StratumError);
    }
  },
  'Stratum line out of thin air': (random) => {
    const depth = random.int(0, 3_000);
    const text = random.pick(['[', '{"a":', '"\\u0000', '-', '1e999', 'nul', '{"id":1,"method":']);
    const message = parseLine(
      `{"id":${random.pick(['1', '"x"', 'null', '1e400', '{}'])},"params":${text.repeat(depth)}`,
    );
    assert.equal(message.kind, 'garbage');
  },
};

for (const [name, decoder] of Object.entries(DECODERS)) {
  test(`${name}: whatever comes is decoded or refused`, () =>
    fuzz({ share: 0.31 / Object.keys(DECODERS).length }, decoder));
}

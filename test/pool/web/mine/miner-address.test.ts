import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressComplaint, userOf, workerComplaint } from '../../../../pool/web/mine/miner-address.ts';
import { MINER_ADDRESS } from '../../../kit/pool-kit.ts';
import { BITCOIN_MAIN, DEV, networkFacts } from './network-facts.ts';

const BITCOIN_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';

test('an address of the network has nothing wrong with it, in whatever case', () => {
  assert.equal(addressComplaint(MINER_ADDRESS, DEV), undefined);
  assert.equal(addressComplaint(MINER_ADDRESS.toUpperCase(), DEV), undefined);
});

test('what is wrong with an address is said in a sentence that names the network', () => {
  assert.match(addressComplaint('', DEV) ?? '', /^An address is missing/);
  assert.match(
    addressComplaint(BITCOIN_ADDRESS, DEV) ?? '',
    /^Address has the prefix "bc1", this network's is "dnilz1"\. This pool mines on the network dev\.$/,
  );
  assert.match(addressComplaint(`${MINER_ADDRESS.slice(0, -1)}q`, DEV) ?? '', /bad checksum/);
  assert.match(addressComplaint('hello world', DEV) ?? '', /holds the character " "/);
});

test('an address whose coins could never be spent is refused where the pool would refuse it', () => {
  // BIP 173: P2WSH, here with the prefix of the dev network.
  const dev = networkFacts({ hrp: 'tb', p2pkh: null, p2sh: null, only_p2wpkh: true });
  const p2wsh = 'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7';
  assert.match(addressComplaint(p2wsh, dev) ?? '', /could not be spent/);
  const bitcoin = networkFacts({ hrp: 'tb', p2pkh: 111, p2sh: 196, only_p2wpkh: false });
  assert.equal(addressComplaint(p2wsh, bitcoin), undefined);
});

test('in front of Bitcoin its older addresses are good too', () => {
  assert.equal(addressComplaint(BITCOIN_ADDRESS, BITCOIN_MAIN), undefined);
  assert.equal(addressComplaint('1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', BITCOIN_MAIN), undefined);
  assert.match(addressComplaint('mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', BITCOIN_MAIN) ?? '', /another network/);
});

test('where the pool does not say how its addresses look, the pool itself has the word', () => {
  assert.equal(addressComplaint(BITCOIN_ADDRESS, networkFacts(null)), undefined);
});

test('the name of a worker is what the pool takes, and may be left out', () => {
  for (const name of ['', 'browser', 'a.b_c-9', 'x'.repeat(64)]) {
    assert.equal(workerComplaint(name), undefined, name);
  }
  for (const name of ['two words', 'x'.repeat(65), '<b>', 'ü']) {
    assert.match(workerComplaint(name) ?? '', /1 to 64 letters/, name);
  }
  assert.equal(userOf(MINER_ADDRESS, ''), MINER_ADDRESS);
  assert.equal(userOf(MINER_ADDRESS, 'sofa'), `${MINER_ADDRESS}.sofa`);
});

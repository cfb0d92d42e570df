import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeenHeaders } from '../../../pool/jobs/tip.ts';
import { Roster } from '../../../pool/stratum/roster.ts';
import { parseUser } from '../../../pool/stratum/worker-name.ts';

test('a user is an address with or without a worker', () => {
  assert.deepEqual(parseUser('dnilz1qa'), { address: 'dnilz1qa', name: '' });
  assert.deepEqual(parseUser('dnilz1qa.rig_1.b-2'), { address: 'dnilz1qa', name: 'rig_1.b-2' });
  assert.deepEqual(parseUser('dnilz1qa_rig.1'), { address: 'dnilz1qa', name: 'rig.1' });
  for (const user of ['', '.', '_x', 'a.', 'a.b c', 'a.ü', 'a.\n']) {
    assert.equal(typeof parseUser(user), 'string', JSON.stringify(user));
  }
});

test('an address has at most 1,000 workers, on any number of connections', () => {
  const roster = new Roster();
  const worker = (index: number) => ({ address: 'a', name: String(index) });
  for (let index = 0; index < 1_000; index++) assert.equal(roster.admit(worker(index)), undefined);
  assert.equal(roster.admit(worker(7)), undefined);
  assert.equal(roster.connectionsOf(worker(7)), 2);
  assert.equal(roster.admit(worker(1_000)), 'an address has at most 1000 workers');
  assert.equal(roster.admit({ address: 'b', name: '0' }), undefined);
  roster.release(worker(7));
  assert.equal(typeof roster.admit(worker(1_000)), 'string');
  roster.release(worker(7));
  assert.equal(roster.connectionsOf(worker(7)), 0);
  assert.equal(roster.admit(worker(1_000)), undefined);
});

test('an address that a stranger has filled with names still admits the workers it is known for', () => {
  const roster = new Roster();
  for (let index = 0; index < 1_000; index++) roster.admit({ address: 'a', name: `junk${index}` });
  const worker = { address: 'a', name: 'rig' };
  assert.equal(roster.admit(worker), 'an address has at most 1000 workers');
  assert.equal(roster.admit(worker, true), undefined);
  assert.equal(roster.connectionsOf(worker), 1);
  roster.release(worker);
  assert.equal(roster.connectionsOf(worker), 0);
});

test('headers are told apart by all their bytes', () => {
  const seen = new SeenHeaders();
  const hash = new Uint8Array(32).map((_, index) => index * 9);
  seen.add(hash);
  for (let index = 0; index < 32; index++) {
    const other = hash.map((byte, at) => (at === index ? byte ^ 1 : byte));
    assert.equal(seen.has(other), false);
  }
  assert.equal(seen.has(hash.slice()), true);
  seen.delete(hash);
  assert.equal(seen.has(hash), false);
});

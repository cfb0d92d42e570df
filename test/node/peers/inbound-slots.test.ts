import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admitInbound, chooseEvicted, type SlotHolder } from '../../../node/peers/inbound-slots.ts';
import { MAX_INBOUND, MAX_INBOUND_PER_CLIENT, MAX_INBOUND_PER_RANGE } from '../../../node/peers/limits.ts';

const NOW = 1_800_000_000;

function holder(id: number, changes: Partial<SlotHolder> = {}): SlotHolder {
  return {
    id,
    ip: `${20 + (id >> 8)}.${id & 0xff}.1.1`,
    connectedSeconds: NOW + id,
    leastPingMs: 100,
    lastBlockSeconds: 0,
    lastTransactionSeconds: 0,
    ...changes,
  };
}

const holders = (count: number, changes: Partial<SlotHolder> = {}): SlotHolder[] =>
  Array.from({ length: count }, (_, id) => holder(id, changes));

/** Who is left after an attacker with addresses of one range has come again and again. */
function afterSiege(honest: readonly SlotHolder[], attackers: number): SlotHolder[] {
  let all = [...honest];
  for (let n = 0; n < attackers; n++) {
    const evil = holder(10_000 + n, { ip: `66.6.${n >> 8}.${n & 0xff}`, leastPingMs: 1 });
    const admission = admitInbound(evil.ip, all);
    if (admission.type === 'refuse') continue;
    if (admission.type === 'evict') all = all.filter(({ id }) => id !== admission.id);
    all.push(evil);
  }
  return all;
}

describe('a connection', () => {
  test('is let in while there is a slot', () => {
    assert.deepEqual(admitInbound('9.9.9.9', holders(MAX_INBOUND - 1)), { type: 'admit' });
  });

  test('is refused to an address, or a range, that has enough', () => {
    const same = holders(MAX_INBOUND_PER_CLIENT, { ip: '9.9.9.9' });
    assert.deepEqual(admitInbound('9.9.9.9', same), { type: 'refuse', why: 'client-limit' });
    assert.deepEqual(admitInbound('9.9.9.8', same), { type: 'admit' });
    const near = holders(MAX_INBOUND_PER_RANGE).map((each) => ({ ...each, ip: `9.9.1.${each.id}` }));
    assert.deepEqual(admitInbound('9.9.200.1', near), { type: 'refuse', why: 'range-limit' });
    assert.deepEqual(admitInbound('9.8.200.1', near), { type: 'admit' });
    const six = holders(MAX_INBOUND_PER_CLIENT).map((each) => ({ ...each, ip: `2600:1:2:3::${each.id}` }));
    assert.deepEqual(admitInbound('2600:1:2:3:4::', six), { type: 'refuse', why: 'client-limit' });
  });

  test('of this machine is free of limits but that of all slots', () => {
    const same = holders(MAX_INBOUND - 1, { ip: '127.0.0.1' });
    assert.deepEqual(admitInbound('127.0.0.1', same), { type: 'admit' });
    assert.equal(admitInbound('127.0.0.1', holders(MAX_INBOUND, { ip: '127.0.0.1' })).type, 'evict');
  });
});

describe('who gives way when all slots are taken', () => {
  test('is young, slow, and has brought nothing', () => {
    const all = holders(MAX_INBOUND).map((each) =>
      each.id === 99 ? { ...each, leastPingMs: undefined } : each,
    );
    assert.equal(chooseEvicted(all), 99);
  });

  test('is not who was first with a block or a transaction lately', () => {
    for (const merit of ['lastBlockSeconds', 'lastTransactionSeconds'] as const) {
      const all = holders(MAX_INBOUND).map((each) => (each.id >= 96 ? { ...each, [merit]: NOW } : each));
      const evicted = chooseEvicted(all);
      assert.ok(evicted !== undefined && evicted < 96, `${merit} ${evicted}`);
    }
  });

  test('is not who answers quickest', () => {
    const all = holders(MAX_INBOUND).map((each) => (each.id >= 92 ? { ...each, leastPingMs: 5 } : each));
    const evicted = chooseEvicted(all);
    assert.ok(evicted !== undefined && evicted < 92, String(evicted));
  });

  test('is the youngest of the largest range', () => {
    const all = holders(MAX_INBOUND).map((each) =>
      each.id >= 70 && each.id < 90 ? { ...each, ip: `66.6.1.${each.id}` } : each,
    );
    assert.equal(chooseEvicted(all), 89);
  });

  test('is nobody when everybody is protected', () => {
    assert.equal(chooseEvicted(holders(4)), undefined);
  });

  test('is never an old peer: whoever floods the slots from one range pushes out few others', () => {
    const honest = holders(MAX_INBOUND);
    const left = afterSiege(honest, 1_000);
    assert.equal(left.length, MAX_INBOUND);
    const evil = left.filter(({ ip }) => ip.startsWith('66.'));
    assert.ok(evil.length <= MAX_INBOUND_PER_RANGE, String(evil.length));
    // The older half is untouched.
    for (const old of honest.slice(0, MAX_INBOUND / 2)) assert.ok(left.includes(old), String(old.id));
  });
});

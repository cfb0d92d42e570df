import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AddressBook,
  isHopeless,
  MAX_PROVEN,
  MAX_PROVEN_PER_RANGE,
  MAX_UNPROVEN,
  MAX_UNPROVEN_PER_RANGE,
  MAX_UNPROVEN_PER_SOURCE,
  OPERATOR,
} from '../../../node/peers/address-book.ts';
import { type Endpoint, endpointText } from '../../../node/peers/ip-address.ts';
import { seededRandom } from './peers-kit.ts';

const NOW = 1_800_000_000;
const HOUR = 3_600;
const DAY = 24 * HOUR;
const SOURCE = '8.8.8.8';

/** The n-th address, each in a range of its own. */
const spread = (n: number): Endpoint => ({ ip: `${20 + (n >> 8)}.${n & 0xff}.1.1`, port: 5001 });
/** The n-th address of one range. */
const dense = (n: number): Endpoint => ({ ip: `60.7.${n >> 8}.${n & 0xff}`, port: 5001 });

function told(endpoint: Endpoint, lastSeenSeconds = NOW) {
  return { endpoint, services: 9n, lastSeenSeconds };
}

/** Somebody who speaks for the n-th range. */
const witness = (n: number): string => `${100 + (n % 100)}.${n % 250}.3.3`;

function choices(book: AddressBook, count: number, nowSeconds = NOW): Map<string, number> {
  const random = seededRandom();
  const chosen = new Map<string, number>();
  for (let time = 0; time < count; time++) {
    const endpoint = book.choose({ isExcluded: () => false }, random, nowSeconds);
    if (endpoint) chosen.set(endpointText(endpoint), (chosen.get(endpointText(endpoint)) ?? 0) + 1);
  }
  return chosen;
}

describe('what is told of addresses', () => {
  test('is taken in once, older than it is said to be unless the node says it of itself', () => {
    const book = new AddressBook();
    assert.equal(book.add(told(spread(1)), SOURCE, NOW), true);
    assert.equal(book.add(told(spread(1)), SOURCE, NOW), false);
    assert.equal(book.get(spread(1))?.lastSeenSeconds, NOW - 2 * HOUR);
    book.add(told(spread(2)), spread(2).ip, NOW);
    assert.equal(book.get(spread(2))?.lastSeenSeconds, NOW);
    assert.equal(book.size, 2);
  });

  test('is not believed of a month ago or of the future', () => {
    const book = new AddressBook();
    assert.equal(book.add(told(spread(1), NOW - 31 * DAY), SOURCE, NOW), false);
    assert.equal(book.add(told(spread(1), NOW + DAY), SOURCE, NOW), false);
    assert.equal(book.add(told(spread(1), NOW - 31 * DAY), OPERATOR, NOW), true);
  });

  test('never makes a known address one from the future, which nobody would be told', () => {
    const book = new AddressBook();
    book.add(told(spread(1)), spread(1).ip, NOW);
    book.add(told(spread(1), NOW + 1_000 * DAY), SOURCE, NOW);
    assert.equal(book.get(spread(1))?.lastSeenSeconds, NOW);
  });

  test('never lowers what is known', () => {
    const book = new AddressBook();
    book.add(told(spread(1)), spread(1).ip, NOW);
    book.add({ endpoint: spread(1), services: 1n, lastSeenSeconds: NOW - DAY }, SOURCE, NOW);
    assert.deepEqual([book.get(spread(1))?.lastSeenSeconds, book.get(spread(1))?.services], [NOW, 9n]);
  });
});

describe('a flood of addresses', () => {
  test('from one source fills only its part of the book', () => {
    const book = new AddressBook();
    for (let n = 0; n < 20_000; n++) book.add(told(spread(n % 30_000)), SOURCE, NOW);
    assert.equal(book.size, MAX_UNPROVEN_PER_SOURCE);
    assert.equal(book.add(told(dense(1)), '9.9.9.9', NOW), true);
  });

  test('that do not answer makes way for what may, however new it was said to be', () => {
    const book = new AddressBook();
    for (let n = 0; n < MAX_UNPROVEN_PER_RANGE; n++) book.add(told(dense(n)), dense(n).ip, NOW);
    for (let time = 0; time < 3; time++) book.tried(dense(7), NOW);
    const older = told(dense(4_000), NOW - DAY);
    assert.equal(book.add(older, witness(1), NOW), true);
    assert.equal(book.get(dense(7)), undefined);
    assert.equal(book.add(told(dense(4_001), NOW - DAY), witness(1), NOW), false, 'the others may answer');
  });

  test('of one range fills only the part of a range, whoever tells', () => {
    const book = new AddressBook();
    for (let n = 0; n < 5_000; n++) book.add(told(dense(n)), witness(n), NOW);
    assert.equal(book.size, MAX_UNPROVEN_PER_RANGE);
  });

  test('from everywhere never takes more than the book holds, and leaves what has answered', () => {
    const book = new AddressBook();
    const proven = { ip: '5.5.5.5', port: 5001 };
    book.add(told(proven), SOURCE, NOW);
    book.succeeded(proven, 9n, NOW);
    for (let n = 0; n < 12_000; n++) book.add(told(spread(n)), witness(n), NOW);
    assert.equal(book.size, MAX_UNPROVEN + 1);
    assert.ok(book.get(proven));
    // Half of all choices still fall on the one that has answered.
    const share = (choices(book, 1_000).get(endpointText(proven)) ?? 0) / 1_000;
    assert.ok(share > 0.4 && share < 0.6, String(share));
  });

  test('pushes out what is hopeless or older, never what is newer', () => {
    const book = new AddressBook();
    for (let n = 0; n < MAX_UNPROVEN_PER_RANGE; n++) book.add(told(dense(n), NOW - DAY + n), witness(n), NOW);
    assert.equal(book.add(told(dense(9_000), NOW - 2 * DAY), SOURCE, NOW), false);
    assert.equal(book.add(told(dense(9_000)), SOURCE, NOW), true);
    assert.equal(book.get(dense(0)), undefined);
    for (let time = 0; time < 3; time++) book.tried(dense(50), NOW);
    assert.equal(book.add(told(dense(9_001)), SOURCE, NOW), true);
    assert.equal(book.get(dense(50)), undefined);
    assert.ok(book.get(dense(1)));
  });

  test('of this machine is bounded as a whole only: a test network has one range', () => {
    const book = new AddressBook();
    for (let port = 1; port <= 1_000; port++) book.add(told({ ip: '127.0.0.1', port }), '127.0.0.1', NOW);
    assert.equal(book.size, 1_000);
  });
});

describe('addresses that have answered', () => {
  test('are bounded in all and by range, and the one seen longest ago gives way', () => {
    const book = new AddressBook();
    for (let n = 0; n <= MAX_PROVEN_PER_RANGE; n++) {
      book.add(told(dense(n)), SOURCE, NOW);
      book.succeeded(dense(n), 9n, NOW + n);
    }
    assert.equal(book.size, MAX_PROVEN_PER_RANGE);
    assert.equal(book.get(dense(0)), undefined);
    const wide = new AddressBook();
    for (let n = 0; n < MAX_PROVEN + 10; n++) {
      wide.add(told(spread(n)), witness(n), NOW);
      wide.succeeded(spread(n), 9n, NOW + n);
    }
    assert.equal(wide.size, MAX_PROVEN);
  });
});

describe('the choice', () => {
  test('falls on nothing that is excluded, and on nothing when all is', () => {
    const book = new AddressBook();
    book.add(told(spread(1)), SOURCE, NOW);
    book.add(told(spread(2)), SOURCE, NOW);
    const random = seededRandom();
    const isExcluded = ({ ip }: Endpoint): boolean => ip === spread(1).ip;
    for (let time = 0; time < 20; time++) {
      assert.deepEqual(book.choose({ isExcluded }, random, NOW), spread(2));
    }
    assert.equal(book.choose({ isExcluded: () => true }, random, NOW), undefined);
    assert.equal(new AddressBook().choose({ isExcluded }, random, NOW), undefined);
  });

  test('waits longer for an address the more often it has failed', () => {
    const book = new AddressBook();
    book.add(told(spread(1)), OPERATOR, NOW);
    const isDue = (nowSeconds: number): boolean => choices(book, 1, nowSeconds).size === 1;
    for (const [failures, waitSeconds] of [1, 2, 4, 8].entries()) {
      book.tried(spread(1), NOW);
      assert.equal(book.get(spread(1))?.failures, failures + 1);
      assert.equal(isDue(NOW + waitSeconds - 1), false);
      assert.equal(isDue(NOW + waitSeconds), true);
    }
    for (let time = 0; time < 30; time++) book.tried(spread(1), NOW);
    assert.equal(isDue(NOW + 599), false);
    assert.equal(isDue(NOW + 600), true);
  });

  test('comes back to a peer that was left after some seconds', () => {
    const book = new AddressBook();
    book.add(told(spread(1)), SOURCE, NOW);
    book.tried(spread(1), NOW);
    book.succeeded(spread(1), 9n, NOW);
    assert.equal(choices(book, 1, NOW + 9).size, 0);
    assert.equal(choices(book, 1, NOW + 10).size, 1);
  });

  test('falls less often on what has failed', () => {
    const book = new AddressBook();
    book.add(told(spread(1)), SOURCE, NOW);
    book.add(told(spread(2)), OPERATOR, NOW);
    for (let time = 0; time < 5; time++) book.tried(spread(2), NOW - HOUR);
    const chosen = choices(book, 1_000);
    const [good, bad] = [spread(1), spread(2)].map((each) => chosen.get(endpointText(each)) ?? 0);
    assert.ok(good! > 5 * bad! && bad! > 0, `${good} to ${bad}`);
  });

  test('of what nobody has tried leaves out what has answered', () => {
    const book = new AddressBook();
    book.add(told(spread(1)), SOURCE, NOW);
    book.succeeded(spread(1), 9n, NOW);
    const choice = { unprovenOnly: true, isExcluded: () => false };
    assert.equal(book.choose(choice, seededRandom(), NOW + DAY), undefined);
    book.add(told(spread(2)), SOURCE, NOW);
    assert.deepEqual(book.choose(choice, seededRandom(), NOW + DAY), spread(2));
  });
});

test('an address is hopeless after three attempts at first, and after ten and a week later', () => {
  const base = { endpoint: spread(1), services: 9n, lastSeenSeconds: NOW, source: 'x', lastTrySeconds: NOW };
  assert.equal(isHopeless({ ...base, lastSuccessSeconds: undefined, failures: 2 }, NOW), false);
  assert.equal(isHopeless({ ...base, lastSuccessSeconds: undefined, failures: 3 }, NOW), true);
  assert.equal(isHopeless({ ...base, lastSuccessSeconds: NOW - DAY, failures: 10 }, NOW), false);
  assert.equal(isHopeless({ ...base, lastSuccessSeconds: NOW - 8 * DAY, failures: 9 }, NOW), false);
  assert.equal(isHopeless({ ...base, lastSuccessSeconds: NOW - 8 * DAY, failures: 10 }, NOW), true);
  assert.equal(
    isHopeless({ ...base, source: OPERATOR, lastSuccessSeconds: undefined, failures: 99 }, NOW),
    false,
  );
});

test('changes are told once, those that are gone apart', () => {
  const book = new AddressBook();
  book.add(told(spread(1)), SOURCE, NOW);
  book.add(told(spread(2)), SOURCE, NOW);
  book.forget(spread(2));
  const { saved, removed } = book.takeChanges();
  assert.deepEqual(
    saved.map(({ endpoint }) => endpoint),
    [spread(1)],
  );
  assert.deepEqual(removed, [spread(2)]);
  assert.deepEqual(book.takeChanges(), { saved: [], removed: [] });
});

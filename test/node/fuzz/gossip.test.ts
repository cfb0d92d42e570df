import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBook, isHopeless, MAX_PROVEN, MAX_UNPROVEN } from '../../../node/peers/address-book.ts';
import { Gossip, type GossipEffect } from '../../../node/peers/gossip.ts';
import { type Endpoint, ipText, reachOf } from '../../../node/peers/ip-address.ts';
import type { PeerId } from '../../../node/peers/peer-network.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { encodePeerMessage, MAX_ADDRESSES, type PeerMessageOf } from '../../../protocol/peer-message.ts';
import { anyMessage, FuzzSubject } from '../../kit/fuzz-messages.ts';
import { type FuzzRandom, fuzz } from '../../kit/fuzz-random.ts';

const subject = new FuzzSubject({ common: 1, honest: 1 });
const EVENTS = 50;
/** Connected to not long ago: nobody's word may take it from us. */
const FRIEND: Endpoint = { ip: '8.8.4.4', port: 5001 };

/** Addresses in a few ranges, so that the limits of ranges are reached, or anywhere. */
function addresses(random: FuzzRandom): PeerMessageOf<'addr'> {
  const message = anyMessage(subject, random, 'addr') as PeerMessageOf<'addr'>;
  if (random.once(4)) {
    const [first] = message.addresses;
    const ip = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 8, 8, 4, 4);
    if (first) return { type: 'addr', addresses: [{ ...first, ip, port: FRIEND.port }] };
  }
  if (random.once(2)) return message;
  const count = random.count(MAX_ADDRESSES);
  const lastSeenSeconds = 1_800_000_000 - random.int(0, 100_000);
  const inRange = (): PeerMessageOf<'addr'>['addresses'][number] => {
    const ip = new Uint8Array(16).fill(0xff, 10, 12);
    ip.set([60, random.int(0, 3), random.int(0, 255), random.int(0, 255)], 12);
    return { ip, port: 5001, services: random.u64(), lastSeenSeconds };
  };
  return { type: 'addr', addresses: Array.from({ length: count }, inRange) };
}

function assertTold(effects: readonly GossipEffect[], present: ReadonlySet<PeerId>): void {
  for (const { peer, message } of effects) {
    assert.ok(present.has(peer));
    encodePeerMessage(PROFILES.regtest.magic, message);
    if (message.type !== 'addr') continue;
    assert.ok(message.addresses.length > 0 && message.addresses.length <= MAX_ADDRESSES);
    for (const { ip, port } of message.addresses) {
      assert.notEqual(reachOf(ipText(ip)), 'nowhere');
      assert.ok(port > 0);
    }
  }
}

test('whatever addresses come, the book keeps its bounds and what it knows of those that answered', async () => {
  await fuzz({ share: 0.03, casesPerRun: EVENTS }, (random) => {
    const book = new AddressBook();
    let nowSeconds = 1_800_000_000;
    const gossip = new Gossip({
      book,
      random,
      nowSeconds: () => nowSeconds,
      isRefused: (ip) => ip.endsWith('.66'),
      isOwn: ({ ip }) => ip === '77.7.7.7',
    });
    const present = new Set<PeerId>();
    book.add({ endpoint: FRIEND, services: 9n, lastSeenSeconds: nowSeconds }, FRIEND.ip, nowSeconds);
    book.succeeded(FRIEND, 9n, nowSeconds);
    for (let id = 1; id <= EVENTS; id++) {
      const somebody = random.int(1, 8);
      if (random.once(3) && !present.has(somebody)) {
        present.add(somebody);
        const ip = random.pick(['127.0.0.1', '192.168.0.7', `9.${somebody}.1.1`, '2001:db8::1']);
        const kind = random.pick(['inbound', 'outbound', 'manual'] as const);
        const own = { endpoint: { ip: random.pick(['77.7.7.7', '10.0.0.1']), port: 5001 }, services: 9n };
        assertTold(gossip.up({ id: somebody, kind, ip, own: random.once(2) ? own : undefined }), present);
      } else if (random.once(20)) {
        present.delete(somebody);
        gossip.down(somebody);
      }
      const message = random.once(5) ? ({ type: 'getaddr' } as const) : addresses(random);
      assertTold(gossip.message(somebody, message), present);
      const chosen = book.choose({ isExcluded: () => false }, random, nowSeconds);
      if (chosen) book.tried(chosen, nowSeconds);
      if (chosen && random.once(2)) book.succeeded(chosen, 9n, nowSeconds);
      nowSeconds += random.pick([0, 1, 10, 600]);
      assertTold(gossip.tick(), present);
      assert.ok(book.size <= MAX_UNPROVEN + MAX_PROVEN);
      const friend = book.get(FRIEND);
      assert.ok(friend && !isHopeless(friend, nowSeconds), 'hearsay takes no address from us');
    }
  });
});

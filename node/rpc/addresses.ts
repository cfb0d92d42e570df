import { encodeAddress } from '../../protocol/address.ts';
import { amountToNumber } from '../../protocol/amount.ts';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import type { Height, Nits } from '../../protocol/units.ts';
import { bool, hex, list, num, obj, str, time } from '../../service/rpc-result.ts';
import { type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { TimeSlice } from '../../service/time-slice.ts';
import type { AddressCoin, AddressTransaction } from '../chain/address-index.ts';
import { distinctScripts } from '../chain/address-parts.ts';
import type { MempoolEntry } from '../mempool/entry.ts';
import { deltasOf, type EntryDelta } from '../mempool/script-index.ts';
import {
  addressesInRangeParam,
  addressesParam,
  coinsParam,
  DEFAULT_LIMIT,
  historyParam,
  PAGE_FIELDS,
  pageJson,
  pageOrRefusal,
  transactionsParam,
} from './address-arguments.ts';
import { scriptOfAddress } from './arguments.ts';
import type { NodeParts } from './parts.ts';

const group = 'Addressindex';

const BALANCE_RESULT = obj('in NILZ, and exactly in nits as text', {
  balance: num('confirmed: "spendable" and "immature" together'),
  balance_nits: str('the same in nits'),
  spendable: num('what the next block could spend'),
  spendable_nits: str('the same in nits'),
  immature: num('coinbase outputs that are too young to be spent'),
  immature_nits: str('the same in nits'),
  pending: num('what the mempool adds or, negative, takes'),
  pending_nits: str('the same in nits'),
  received: num('all that ever came, spent or not'),
  received_nits: str('the same in nits'),
});

const COINS_RESULT = list(
  'in the order of the chain',
  obj('', {
    address: str('whose'),
    txid: hex('of the transaction that made it'),
    outputIndex: num('its index'),
    script: hex('its script'),
    satoshis: num('its value in nits'),
    height: num('of its block'),
    coinbase: bool('whether a coinbase made it'),
    confirmations: num('blocks from its own to the tip, both counted'),
    spendable: bool('whether the next block could spend it'),
  }),
);

/** The methods of the address-index family: what the chain and the mempool say of addresses. */
export function addressMethods(parts: NodeParts): RpcMethods {
  const { addresses: index, chain, mempoolScripts, profile } = parts;
  const scriptsOf = (texts: readonly string[]): Uint8Array[] =>
    distinctScripts(texts.map((each) => scriptOfAddress(each, profile)));
  const addressText = (script: Uint8Array): string => {
    const text = encodeAddress(script, profile.address);
    if (text === undefined) throw new Error('a script that was made from an address has none');
    return text;
  };
  /** The same for long lists, of few scripts: each is made once. */
  const addressTexts = (): typeof addressText => {
    const known = new Map<Uint8Array, string>();
    return (script) => {
      const text = known.get(script) ?? addressText(script);
      known.set(script, text);
      return text;
    };
  };
  const coinsJson = (coins: readonly AddressCoin[], tipHeight: Height) => {
    const textOf = addressTexts();
    return coins.map(({ script, txid, index: outputIndex, value, height, coinbase, mature }) => ({
      address: textOf(script),
      txid: displayHash(txid),
      outputIndex,
      script: bytesToHex(script),
      satoshis: Number(value),
      height,
      coinbase,
      confirmations: tipHeight - height + 1,
      spendable: mature,
    }));
  };

  return {
    getaddressbalance: rpcMethod({
      group,
      help:
        'What addresses own, all together. "balance" is confirmed, "spendable" plus "immature" (coinbase outputs ' +
        'too young to be spent); "pending" is what the mempool adds or, negative, takes; "received" is all that ' +
        'ever came. Each in NILZ, and exactly in nits as text.',
      params: [addressesParam],
      result: BALANCE_RESULT,
      run: async ({ addresses }) => {
        const scripts = scriptsOf(addresses.addresses);
        const { spendable, immature, received } = await index.balance(scripts);
        let pending: Nits = 0n;
        for (const script of scripts) pending += await mempoolScripts.balance(script);
        return {
          ...sumJson('balance', spendable + immature),
          ...sumJson('spendable', spendable),
          ...sumJson('immature', immature),
          ...sumJson('pending', pending),
          ...sumJson('received', received),
        };
      },
    }),

    getaddressdeltas: rpcMethod({
      group,
      help: 'Every confirmed output of addresses (positive) and every input that spends one (negative), oldest first.',
      params: [addressesInRangeParam],
      result: list(
        'in the order of the chain',
        obj('', {
          satoshis: num('in nits'),
          txid: hex('of the transaction'),
          index: num('of its output, or of its input where "satoshis" is negative'),
          blockindex: num('place of the transaction in its block'),
          height: num('of its block'),
          address: str('whose'),
        }),
      ),
      run: async ({ addresses: { addresses, start, end } }) => {
        const deltas = await index.deltas(scriptsOf(addresses), { start, end });
        const textOf = addressTexts();
        return deltas.map(({ script, txid, index: at, position, height, value }) => ({
          satoshis: Number(value),
          txid: displayHash(txid),
          index: at,
          blockindex: position,
          height,
          address: textOf(script),
        }));
      },
    }),

    getaddressmempool: rpcMethod({
      group,
      help: 'What unconfirmed transactions pay to addresses (positive) and spend from them (negative), in nits.',
      params: [addressesParam],
      result: list(
        'in the order of arrival',
        obj('', {
          address: str('whose'),
          txid: hex('of the unconfirmed transaction'),
          index: num('of its output, or of its input where "satoshis" is negative'),
          satoshis: num('in nits'),
          timestamp: time('when the transaction came'),
          prevtxid: hex('of the output that an input spends').optional(),
          prevout: num('index of that output').optional(),
        }),
      ),
      run: async ({ addresses }) => {
        const rows = [];
        const slice = new TimeSlice();
        for (const script of scriptsOf(addresses.addresses)) {
          for (const entry of [...mempoolScripts.entriesOf(script)]) {
            for (const delta of deltasOf(entry, script))
              rows.push(unconfirmedJson(entry, delta, addressText(script)));
            if (slice.isUsedUp) await slice.renew();
          }
        }
        return rows;
      },
    }),

    getaddresshistory: rpcMethod({
      group,
      help:
        'The confirmed transactions that pay to addresses or spend from them, newest first, page by page, and what ' +
        'each of them changed for all the addresses together. A page is as of one block; going on from it is right ' +
        'whatever new blocks come, and an error once a reorganisation has taken back what was told.',
      params: [historyParam],
      result: obj('', {
        transactions: list(
          'newest first',
          obj('', {
            txid: hex('of the transaction'),
            height: num('of its block'),
            blockindex: num('its place in the block'),
            time: time('of its block'),
            satoshis: num('what it changed, in nits'),
            coinbase: bool('whether it is the coinbase'),
          }),
        ),
        total: num('how many there are of a single address, if that is known or quickly counted').optional(),
        ...PAGE_FIELDS,
      }),
      run: async ({ addresses: { addresses, limit = DEFAULT_LIMIT, before: mark } }) => {
        const scripts = scriptsOf(addresses);
        const page = await pageOrRefusal(index.history(scripts, { limit, mark }));
        const [script] = scripts;
        const total = script && scripts.length === 1 ? await index.transactionCount(script) : undefined;
        return {
          transactions: page.items.map(({ txid, height, position, value }) => ({
            txid: displayHash(txid),
            height,
            blockindex: position,
            time: chain.ancestor(page.tip, height)?.time ?? 0,
            satoshis: Number(value),
            coinbase: position === 0,
          })),
          ...(total !== undefined && { total }),
          ...pageJson(page),
        };
      },
    }),

    getaddresstxids: rpcMethod({
      group,
      help: 'Ids of the confirmed transactions that pay to addresses or spend from them, oldest first.',
      params: [transactionsParam],
      result: [
        { when: 'without "limit"', schema: list('the ids', hex('id of a transaction')) },
        {
          when: 'with "limit"',
          schema: obj('', { txids: list('the ids', hex('id of a transaction')), ...PAGE_FIELDS }),
        },
      ],
      run: async ({ addresses: { addresses, start, end, limit, after: mark } }) => {
        const scripts = scriptsOf(addresses);
        const idsOf = (transactions: readonly AddressTransaction[]): string[] =>
          transactions.map(({ txid }) => displayHash(txid));
        if (limit === undefined && mark === undefined) {
          return idsOf(await index.transactions(scripts, { start, end }));
        }
        const wish = { limit: limit ?? DEFAULT_LIMIT, mark };
        const page = await pageOrRefusal(index.transactionsPage(scripts, wish, { start, end }));
        return { txids: idsOf(page.items), ...pageJson(page) };
      },
    }),

    getaddressused: rpcMethod({
      group,
      help:
        'Whether addresses were ever paid, in a block or by a transaction that waits for one: for wallets that look ' +
        'for theirs. A thousand cost about as much as a few balances.',
      params: [addressesParam],
      result: list('in the order of the addresses', bool('whether it was ever paid')),
      run: async ({ addresses: { addresses } }) => {
        const asked = addresses.map((each) => scriptOfAddress(each, profile));
        const scripts = distinctScripts(asked);
        // The mempool first: what is mined in between is then seen twice, and not never.
        const waiting = scripts.map((script) => mempoolScripts.has(script));
        const confirmed = await index.used(scripts);
        const used = new Map(
          scripts.map((script, at) => [bytesToHex(script), waiting[at] === true || confirmed[at] === true]),
        );
        return asked.map((script) => used.get(bytesToHex(script)) ?? false);
      },
    }),

    getaddressutxos: rpcMethod({
      group,
      help:
        'The confirmed unspent outputs of addresses, values in nits, oldest first. "spendable" is false for a ' +
        'coinbase output too young to be spent.',
      params: [coinsParam],
      result: [
        { when: 'without "limit"', schema: COINS_RESULT },
        { when: 'with "limit"', schema: obj('', { utxos: COINS_RESULT, ...PAGE_FIELDS }) },
      ],
      run: async ({ addresses: { addresses, limit, after: mark } }) => {
        const scripts = scriptsOf(addresses);
        if (limit === undefined && mark === undefined) {
          const { tip, items } = await index.coins(scripts);
          return coinsJson(items, tip.height);
        }
        const page = await pageOrRefusal(index.coinsPage(scripts, { limit: limit ?? DEFAULT_LIMIT, mark }));
        return { utxos: coinsJson(page.items, page.tip.height), ...pageJson(page) };
      },
    }),
  };
}

type Sums<Name extends string> = Readonly<Record<Name, number> & Record<`${Name}_nits`, string>>;

/** A sum in NILZ, and exactly in nits: it may be larger than a number of JSON holds. */
function sumJson<Name extends string>(name: Name, sum: Nits): Sums<Name> {
  return { [name]: amountToNumber(sum), [`${name}_nits`]: String(sum) } as Sums<Name>;
}

function unconfirmedJson(entry: MempoolEntry, { index, value }: EntryDelta, address: string) {
  const spent = value < 0n ? entry.transaction.inputs[index]?.previous : undefined;
  return {
    address,
    txid: displayHash(entry.txid),
    index,
    satoshis: Number(value),
    timestamp: entry.addedSeconds,
    ...(spent && { prevtxid: displayHash(spent.txid), prevout: spent.index }),
  };
}

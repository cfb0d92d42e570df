/** What the landing page is made of: the answer of its `GET /state`. Times are seconds since 1970, unknown is null. */
import * as z from 'zod/mini';

const number = z.number();
const text = z.string();
/** Whole nits in decimal digits: exact, unlike a number. */
const nits = z.string().check(z.regex(/^\d+$/));

/** How a service is; `away` does not answer, `trouble` answers that something is wrong, `off` was not started. */
const condition = {
  state: z.enum(['ok', 'trouble', 'away', 'off']),
  /** Why it is not ok, as a sentence. */
  reason: z.nullable(text),
};

const Account = z.object({ name: text, address: text, balance_nits: nits });
export type Account = z.infer<typeof Account>;

export const HomeState = z.object({
  time: number,
  network: z.object({
    name: text,
    coin: text,
    test_money: z.boolean(),
    block_time_seconds: number,
    maturity: number,
  }),
  node: z.object({
    ...condition,
    url: text,
    /** Where other nodes of this machine join. */
    peer_address: text,
    height: z.nullable(number),
    /** When the tip says it was made. */
    tip_time: z.nullable(number),
    peers: z.nullable(number),
  }),
  explorer: z.object({
    ...condition,
    /** Its pages; a transaction is at `/tx/TXID` below. */
    url: text,
    /** The relay, for programs. */
    api_url: text,
    listeners: z.nullable(number),
  }),
  faucet: z.object({
    ...condition,
    url: text,
    amount_nits: z.nullable(nits),
    left_today_nits: z.nullable(nits),
    queue: z.nullable(number),
  }),
  pool: z.object({
    ...condition,
    url: text,
    stratum_url: text,
    /** The same for other machines of the local network, where it listens there. */
    lan_urls: z.array(text),
    /** Open connections of miners. */
    connections: z.nullable(number),
  }),
  wallet: z.object({
    ...condition,
    /** Opens with a link of `POST /wallet-link` only. */
    url: text,
    /** Wallet files of this network. */
    wallets: z.nullable(number),
    /** How many of them are unlocked. */
    open: z.nullable(number),
  }),
  miner: z.object({
    ...condition,
    /** The address that it mines for. */
    address: text,
    hash_rate: z.nullable(number),
    shares: z.nullable(number),
    blocks: z.nullable(number),
  }),
  accounts: z.array(Account),
  /** The twelve public words of the accounts. */
  words: text,
  /** What `nilz wallet` and `nilz rpc` need to find this node, to be put behind the command; mostly nothing. */
  command_options: text,
});
export type HomeState = z.infer<typeof HomeState>;

/** The answer of `POST /wallet-link`: a way into the wallet, for one window, once. */
export const WalletLink = z.object({ url: text });
export type WalletLink = z.infer<typeof WalletLink>;

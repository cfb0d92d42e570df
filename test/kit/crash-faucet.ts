/**
 * A whole faucet to be killed: a node and a faucet as processes of their own on a private network, claimants that
 * note what they are promised, and the faucet's books beside what the network has.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { APPLICATION_ID, MIGRATIONS } from '../../faucet/store/faucet-schema.ts';
import { COIN } from '../../protocol/amount.ts';
import { displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { DEV_MNEMONIC, networkDirectory } from '../../protocol/network.ts';
import { openSnapshot } from '../../service/database-snapshot.ts';
import { NodeBackend } from '../../wallet/chain/backend-node.ts';
import { createWallet } from '../../wallet/open-wallet.ts';
import { ChainReading, type SeenChain } from './crash-books.ts';
import { CrashNode } from './crash-node.ts';
import { type CrashPoint, spawnMortal } from './crash-point.ts';
import { end, kill, type Life, lifeOf } from './mortal-life.ts';

const NETWORK = { name: 'crash-faucet', base: 'regtest', futureLimitSeconds: 7_200 };
export const WALLET_FILE = 'faucet-wallet.json';
const LABEL = 'faucet';
const PASSPHRASE = 'worthless';
/** The words of the wallet are public: nobody has to be kept from guessing its passphrase. */
const CHEAP = { N: 2 ** 10, r: 8, p: 1 };
export const AMOUNT = COIN / 100n;
/** Longer than anything that a faucet does by itself takes: it looks again every 30 s. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 15;

/** What became of a claim that somebody made: refused ones are forgotten. */
export interface Claimed {
  readonly address: string;
  /** Undefined where no answer came: it may be promised or not. */
  readonly id: string | undefined;
}

interface BookedClaim {
  readonly id: string;
  readonly address: string;
  readonly payout: number | null;
  readonly refused: string | null;
}

interface BookedPayout {
  readonly id: number;
  readonly state: string;
  /** As shown; the first, and those that replace it. */
  readonly txids: readonly string[];
}

/** What the faucet has written down. */
interface Books {
  readonly claims: readonly BookedClaim[];
  readonly payouts: readonly BookedPayout[];
}

export class CrashFaucet {
  readonly node: CrashNode;
  readonly #file: string;
  readonly #reading: ChainReading;
  readonly claimed: Claimed[] = [];
  #url = '';
  #life: Life | undefined;
  #claimants = 0;

  private constructor(node: CrashNode) {
    const { profile, directory } = node;
    this.node = node;
    this.#file = join(directory, networkDirectory(profile), 'faucet.sqlite');
    this.#reading = new ChainReading(
      profile,
      profile.fundedAccounts.find(({ name }) => name === LABEL)!.script,
    );
  }

  static async start(test: TestContext): Promise<CrashFaucet> {
    const node = await CrashNode.start(test, NETWORK);
    await createWallet({
      path: join(node.directory, WALLET_FILE),
      profile: node.profile,
      backend: new NodeBackend(node.client),
      passphrase: PASSPHRASE,
      mnemonic: DEV_MNEMONIC,
      cost: CHEAP,
    });
    const faucet = new CrashFaucet(node);
    test.after(() => end(faucet.#life));
    assert.ok(await faucet.rise());
    return faucet;
  }

  /** @returns false when it was killed before it was ready, by the crash point or by {@link kill} */
  async rise(atStart?: CrashPoint): Promise<boolean> {
    const { networkFile, directory, url } = this.node;
    const places = ['--network', networkFile, '--datadir', directory, '--node-url', url, '--http-port', '0'];
    const wallet = ['--wallet', join(directory, WALLET_FILE), '--wallet-label', LABEL];
    const gifts = ['--amount', '0.01', '--daily-cap', '1000000', '--queue-limit', '1000000'];
    const pace = ['--payout-interval', '0', '--client-cooldown', '0', '--challenge-attempts', '0'];
    const words = ['faucet', ...places, ...wallet, ...gifts, ...pace, '--trusted-proxies', '1'];
    const env = { NILZ_FAUCET_PASSPHRASE: PASSPHRASE };
    this.#life = lifeOf(spawnMortal([...words, '--json', '--log-level', 'warn'], env, atStart), 'faucet');
    const ready = await this.#life.ready;
    if (ready === undefined) {
      await this.#life.gone;
      return false;
    }
    this.#url = (JSON.parse(ready) as { readonly http_url: string }).http_url;
    return true;
  }

  /** From now on the faucet dies at this point. */
  arm(point: CrashPoint): void {
    // One that has just died takes no message, and needs none.
    this.#life?.child.send(point, () => undefined);
  }

  get isAlive(): boolean {
    return this.#life?.child.exitCode === null && this.#life.child.signalCode === null;
  }

  /** Resolves when the faucet has been killed. */
  async gone(): Promise<void> {
    await this.#life?.gone;
  }

  async kill(): Promise<void> {
    await kill(this.#life);
  }

  /** What the faucet that lives now, or lived last, complained about. */
  get complaints(): string {
    return this.#life?.stderr() ?? '';
  }

  /** Somebody new claims, then the next one, for as long as the faucet lives. */
  async claimOn(): Promise<void> {
    while (this.isAlive) {
      await this.#claim();
      await sleep(PAUSE_MS);
    }
  }

  async #claim(): Promise<void> {
    this.#claimants += 1;
    const number = this.#claimants;
    const address = this.node.addressOf(`claimant ${number}`);
    try {
      const response = await fetch(new URL('/claim', this.#url), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': clientAddress(number) },
        body: JSON.stringify({ address }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const answer = (await response.json()) as { id?: string; error?: { code: string } };
      if (response.status === 201) this.claimed.push({ address, id: answer.id });
      else assert.equal(answer.error?.code, 'not-ready', JSON.stringify(answer));
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // The connection broke: the claim may have been taken.
      this.claimed.push({ address, id: undefined });
    }
  }

  /** What a claimant sees of a claim. */
  async look(id: string): Promise<{ readonly status: number; readonly state: string | undefined }> {
    const headers = { 'X-Forwarded-For': clientAddress(Math.floor(Math.random() * 1e6)) };
    const response = await fetch(new URL(`/claims/${id}`, this.#url), { headers });
    const { state } = (await response.json()) as { state?: string };
    return { status: response.status, state };
  }

  /** No promise is lost and none is kept twice, however the faucet lies there. */
  async checkAtAnyTime(): Promise<void> {
    const chain = await this.#chainSeen();
    assert.deepEqual(wrongAtAnyTime(chain, await readBooks(this.#file), this.claimed), []);
  }

  /** Waits until everybody who was promised something has it on the network. */
  async untilAllSent(): Promise<SeenChain> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const chain = await this.#chainSeen();
      const books = await readBooks(this.#file);
      assert.deepEqual(wrongAtAnyTime(chain, books, this.claimed), []);
      const wrong = wrongWhenAllSent(chain, books);
      if (wrong.length === 0) return chain;
      if (deadline.aborted) assert.fail(`${wrong.join('\n')}\nthe faucet said:\n${this.complaints}`);
      // The change of one payment pays the next, once a block has it.
      if (books.claims.some(({ payout, refused }) => payout === null && refused === null)) {
        await this.node.mine(1);
      }
      await sleep(50);
    }
  }

  async books(): Promise<Books> {
    return readBooks(this.#file);
  }

  async #chainSeen(): Promise<SeenChain> {
    for (;;) {
      const chain = await this.#reading.read(this.node.client, []);
      if (chain !== undefined) return chain;
    }
  }
}

function clientAddress(number: number): string {
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
}

/** Reads the faucet's file as it stands at one moment; the faucet may run, or lie where it was killed. */
async function readBooks(file: string): Promise<Books> {
  const books = await openSnapshot(file, { applicationId: APPLICATION_ID, version: MIGRATIONS.length });
  try {
    const claims = await books.all<BookedClaim>('SELECT id, address, payout, refused FROM claims');
    const payouts = await books.all<{ id: number; state: string }>('SELECT id, state FROM payouts');
    const transactions = await books.all<{ payout: number; txid: string }>(
      'SELECT payout, hex(txid) AS txid FROM payout_transactions ORDER BY id',
    );
    return {
      claims,
      payouts: payouts.map((payout) => ({
        ...payout,
        txids: transactions
          .filter((each) => each.payout === payout.id)
          .map(({ txid }) => displayHash(hexToBytes(txid))),
      })),
    };
  } finally {
    await books.close();
  }
}

/** What must be so at every moment, also while the faucet lies dead. */
function wrongAtAnyTime(chain: SeenChain, { claims, payouts }: Books, claimed: readonly Claimed[]): string[] {
  const wrong: string[] = [];
  const booked = new Map(claims.map((claim) => [claim.id, claim]));
  for (const { id, address } of claimed) {
    if (id === undefined) continue;
    const claim = booked.get(id);
    if (claim === undefined) wrong.push(`claim ${id} was promised and is not in the books`);
    else if (claim.address !== address) wrong.push(`claim ${id} is for another address than its claimant's`);
    else if (claim.refused !== null) wrong.push(`claim ${id} was promised and is refused`);
  }
  const payoutOf = new Map(payouts.flatMap((payout) => payout.txids.map((txid) => [txid, payout] as const)));
  for (const txid of chain.payments.keys()) {
    if (!payoutOf.has(txid)) wrong.push(`transaction ${txid} is on the network and not in the books`);
  }
  for (const { id, txids } of payouts) {
    const sent = txids.filter((txid) => chain.payments.has(txid));
    if (sent.length > 1) wrong.push(`payout ${id} is on the network ${sent.length} times`);
  }
  const addresses = new Set(claims.map(({ address }) => address));
  for (const [address, paid] of paidTo(chain)) {
    if (!addresses.has(address)) wrong.push(`${address} was paid ${paid} and has claimed nothing`);
    else if (paid !== AMOUNT) wrong.push(`${address} was paid ${paid}`);
  }
  return wrong;
}

/** What must be so as well as soon as the faucet has done what it had to do. */
function wrongWhenAllSent(chain: SeenChain, { claims, payouts }: Books): string[] {
  const paid = paidTo(chain);
  const unpaid = claims.filter(({ address }) => !paid.has(address));
  return [
    ...unpaid.map(({ id, payout }) => `claim ${id} of payout ${payout} is nowhere on the network`),
    ...payouts.flatMap(({ id, state, txids }) => {
      const [sent] = txids.flatMap((txid) => chain.payments.get(txid) ?? []);
      if (sent === undefined) return [`payout ${id} is ${state}, and nowhere on the network`];
      const expected = sent.confirmations === 0 ? ['sending'] : ['confirmed', 'settled'];
      return expected.includes(state)
        ? []
        : [`payout ${id} has ${sent.confirmations} confirmations, and is ${state}`];
    }),
  ];
}

/** What each address got, in the best chain and in what waits for a block. */
function paidTo(chain: SeenChain): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { paid } of chain.payments.values()) {
    for (const [address, amount] of paid) sums.set(address, (sums.get(address) ?? 0n) + amount);
  }
  return sums;
}

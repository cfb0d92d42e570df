/** What a model asks of a service that pays, and what both services under test share. */
import { encodeAddress } from '../../../protocol/address.ts';
import { hash160 } from '../../../protocol/hash.ts';
import { DEV_MNEMONIC, type NetworkProfile, PROFILES } from '../../../protocol/network.ts';
import { p2wpkhScript } from '../../../protocol/script.ts';
import type { Contents } from '../../../wallet/keys/contents.ts';
import { MemoryStore, type Updated } from '../../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { FakeChain } from '../fake-chain.ts';
import type { FuzzRandom } from '../fuzz-random.ts';
import { CrashError, type ModelChain } from './model-chain.ts';
import { type FindPayout, NotingWallet, type Signatures } from './signatures.ts';

/** So many blocks settle everything in a model: enough for reorganisations below, and few enough for many of them. */
export const SETTLED_DEPTH = 5;
export const PROFILE: NetworkProfile = { ...PROFILES.regtest, maturity: SETTLED_DEPTH };

/** A pool or a faucet with its books, which die and come back. */
export interface ServiceModel {
  /** The label whose coins pay. */
  readonly label: string;
  /** What the books say of a transaction. */
  readonly find: FindPayout;
  /** Somebody is owed something more, whatever else happens meanwhile. */
  owe(): Promise<void>;
  /** Some of what the service does by itself or is asked to do, several things at once. @throws CrashError */
  work(): Promise<void>;
  /** Does all there is to do; nothing goes wrong any more. */
  finish(): Promise<void>;
  /** Comes back after its process died, or was ended. */
  rise(wallet: NotingWallet): Promise<void>;
  /** Ends; the process may be dead. */
  fall(): Promise<void>;
  /** What every address is owed altogether, paid or not. */
  owed(): ReadonlyMap<string, bigint>;
  /** Whether all that is owed is paid and settled. */
  isDone(): Promise<boolean>;
}

/** What dies in a model, and where. */
export class Fate {
  readonly random: FuzzRandom;
  readonly chain: ModelChain;
  /** How often it is asked whether the process dies before it does, on average; 0: never. */
  deadliness = 12;
  deaths = 0;

  constructor(random: FuzzRandom, chain: ModelChain) {
    this.random = random;
    this.chain = chain;
  }

  /** The process may die here. @throws CrashError */
  readonly tempt = (): void => {
    this.chain.requireLife();
    if (this.deadliness === 0 || !this.random.once(this.deadliness)) return;
    this.deaths += 1;
    this.chain.die();
  };

  /** As the services call it. */
  readonly onStep = async (): Promise<void> => this.tempt();
}

/** What a new wallet knows, with the keys that it would find first: deriving them takes a while. */
export const CONTENTS = await knownFirst();

async function knownFirst(): Promise<Contents> {
  const store = new MemoryStore(firstContents(DEV_MNEMONIC, PROFILE));
  await new Wallet({ store, profile: PROFILE, backend: new FakeChain(PROFILE) }).scan({});
  return store.read();
}

/** A wallet's contents that outlive its process, which may die before and after each change of them. */
class MortalStore extends MemoryStore {
  readonly #tempt: () => void;

  constructor(tempt: () => void) {
    super(CONTENTS);
    this.#tempt = tempt;
  }

  override async update<T>(step: (contents: Contents) => Promise<Updated<T>>): Promise<T> {
    this.#tempt();
    const result = await super.update(step);
    this.#tempt();
    return result;
  }
}

/** The wallets of one model: the file that is kept, or what an empty one is made of again. */
export class WalletFiles {
  readonly #fate: Fate;
  #store: MortalStore;

  constructor(fate: Fate) {
    this.#fate = fate;
    this.#store = new MortalStore(fate.tempt);
  }

  /** @param isKept whether the wallet remembers what it was told before the process died */
  open(isKept: boolean, signatures: Signatures, find: FindPayout): NotingWallet {
    const { chain, random, tempt } = this.#fate;
    if (!isKept) this.#store = new MortalStore(tempt);
    return new NotingWallet({
      store: this.#store,
      profile: PROFILE,
      backend: chain,
      random: (end) => random.int(0, end - 1),
      signatures,
      find,
      atSignature: tempt,
    });
  }
}

/** An address nobody else uses. */
export function payeeAddress(name: string): string {
  return encodeAddress(p2wpkhScript(hash160(new TextEncoder().encode(name))), PROFILE.address) ?? '';
}

/** The address of the label whose coins pay. */
export function fundAddress(label: string): string {
  const account = PROFILE.fundedAccounts.find(({ name }) => name === label);
  return account === undefined ? '' : (encodeAddress(account.script, PROFILE.address) ?? '');
}

/** Waits for all; the first crash among them counts, then the first of what is no ordinary trouble. */
export async function allAtOnce(
  works: readonly Promise<unknown>[],
  isOrdinary: (error: unknown) => boolean,
): Promise<void> {
  const settled = await Promise.allSettled(works);
  const reasons: unknown[] = settled.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  const crash = reasons.find((reason) => reason instanceof CrashError);
  if (crash !== undefined) throw crash;
  const strange = reasons.find((reason) => !isOrdinary(reason));
  if (strange !== undefined) throw strange;
}

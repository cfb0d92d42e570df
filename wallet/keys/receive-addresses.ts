/** Labels, the addresses that were given out for them, and new ones. Does not need the chain. */
import type { AddressFormat } from '../../protocol/address.ts';
import { isAddressOf, networkOf, payeeScript } from '../payments/payee.ts';
import { requireLabel } from '../payments/payment-plan.ts';
import type { NewAddress, WalletAddress, WalletLabel } from '../wallet-answers.ts';
import { type WalletContext, withKeys } from '../wallet-context.ts';
import { WalletError } from '../wallet-error.ts';
import { parseLabel, withReceive, withRenamedLabel } from './contents.ts';
import { CHANGE, type KeyPlace, type KeyRing, RECEIVE } from './key-ring.ts';

/** See `Wallet.labels`. */
export async function labels(context: WalletContext): Promise<WalletLabel[]> {
  const contents = await context.store.read();
  const ring = context.ringOf(contents);
  return contents.labels.map(({ name, receive }) => ({
    label: name,
    addresses: receive.map((index) => addressAt(ring, { chain: RECEIVE, index })),
  }));
}

/** See `Wallet.newAddress`. */
export async function newAddress(context: WalletContext, name: string): Promise<NewAddress> {
  const label = parseLabel(name);
  requireNoAddress('bad-label', label, context.profile.address);
  return context.store.update(async (contents) => {
    const ring = context.ringOf(contents);
    const index = contents.given;
    const updated = withReceive(contents, label, index);
    const address = addressAt(ring, { chain: RECEIVE, index });
    const unusedBefore = index - contents.used.receive;
    return { contents: withKeys(updated, ring), result: { ...address, label, unusedBefore } };
  });
}

/** See `Wallet.renameLabel`. */
export async function renameLabel(context: WalletContext, label: string, newName: string): Promise<string> {
  const name = parseLabel(newName);
  requireNoAddress('bad-label', name, context.profile.address);
  await context.store.update(async (contents) => ({
    contents: withRenamedLabel(contents, label.normalize('NFC').trim(), name),
    result: undefined,
  }));
  return name;
}

/** See `Wallet.addressOf`. */
export async function addressOf(context: WalletContext, label: string): Promise<WalletAddress> {
  const contents = await context.store.read();
  const index = requireLabel(contents, label).receive.at(-1);
  if (index === undefined) throw new RangeError(`label ${label} has no address`);
  return addressAt(context.ringOf(contents), { chain: RECEIVE, index });
}

/** See `Wallet.owns`. */
export async function owns(context: WalletContext, address: string, label?: string): Promise<boolean> {
  const contents = await context.store.read();
  const script = payeeScript(address, context.profile.name, context.profile.address);
  const place = context.ringOf(contents).findScript(script);
  if (place === undefined || place.chain === CHANGE || label === undefined) return place !== undefined;
  const holder = contents.labels.find(({ receive }) => receive.includes(place.index));
  return holder === undefined || holder.name === label;
}

/** A name that is an address would hide whom a payment goes to. @throws WalletError with this code */
export function requireNoAddress(code: 'bad-label' | 'bad-name', name: string, format: AddressFormat): void {
  if (!isAddressOf(name, format) && networkOf(name) === undefined) return;
  const what = code === 'bad-label' ? 'label' : 'name';
  throw new WalletError(code, `${name} is an address: as a ${what} it would hide whom a payment goes to`);
}

function addressAt(ring: KeyRing, place: KeyPlace): WalletAddress {
  return { address: ring.address(place), path: ring.path(place) };
}

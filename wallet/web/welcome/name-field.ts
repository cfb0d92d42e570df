/** The name of a new wallet: of its file, and what it is called in the list. */
import { Field } from '../pieces/field.ts';
import type { Place } from '../session/place.ts';

/** The one that commands use without a name. */
const FIRST_NAME = 'default';
const NEXT_NAME = 'wallet';
const MOST_CHARACTERS = 40;
/** What the server takes (`keys/wallet-folder.ts`), which has the last word. */
const NAME = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/;

export function nameField(place: Place, value: string): Field {
  const field: Field = new Field({
    label: 'Name',
    about: 'To tell it from other wallets of yours; its file is named so.',
    value,
    maxLength: MOST_CHARACTERS,
    check: () => nameComplaint(walletName(field), place),
  });
  return field;
}

/** As the server has it: in small letters. */
export function walletName(field: Field): string {
  return field.value.toLowerCase();
}

/** A name that no wallet has: "default", "wallet-2", … */
export function freeName(place: Place): string {
  if (!isTaken(FIRST_NAME, place)) return FIRST_NAME;
  for (let number = 2; ; number += 1) {
    const name = `${NEXT_NAME}-${number}`;
    if (!isTaken(name, place)) return name;
  }
}

function isTaken(name: string, { feed }: Place): boolean {
  return feed.state.wallets.some((row) => row.name.toLowerCase() === name);
}

function nameComplaint(name: string, place: Place): string | undefined {
  if (name === '') return 'The wallet needs a name.';
  if (!NAME.test(name)) return 'A name is made of the letters a to z, digits, “-” and “_”.';
  if (isTaken(name, place)) return 'There is a wallet of this name already.';
  return undefined;
}

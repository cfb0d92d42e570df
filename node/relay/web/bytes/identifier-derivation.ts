/** Transaction → txid and wtxid. */
import { bytesToHex, displayHash } from '../../../../protocol/bytes.ts';
import { sha256 } from '../../../../protocol/hash.ts';
import {
  encodeWithoutWitness,
  hasWitness,
  type Transaction,
  txid,
  wtxid,
} from '../../../../protocol/transaction.ts';
import { panel } from '../../../../service/web/panel.ts';
import { bytesOf, digits, step, steps } from './derivation.ts';

/** How the identifiers of a transaction come about. */
export function identifierDerivation(transaction: Transaction): HTMLElement {
  const original = encodeWithoutWitness(transaction);
  const once = sha256(original);
  return panel(
    'From the bytes to the txid',
    steps(
      step(
        'The original form',
        hasWitness(transaction)
          ? 'Marker, flag and witnesses are left out (BIP 144), so no change of a signature can change the txid.'
          : 'There are no witnesses, so these are all bytes.',
        bytesOf(original),
      ),
      step('SHA-256', 'Of these bytes (FIPS 180-4).', digits(bytesToHex(once))),
      step('SHA-256 again', 'Of those 32 bytes.', digits(bytesToHex(sha256(once)))),
      step('The txid', 'The same bytes, read from the back.', digits(displayHash(txid(transaction)))),
      step(
        'The wtxid',
        'The same over all bytes, witnesses included (BIP 141). Without witnesses it is the txid.',
        digits(displayHash(wtxid(transaction))),
      ),
    ),
  );
}

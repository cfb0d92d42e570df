/** What can go wrong in a wallet and is worth telling its owner: one table of codes, one error class. */

/** Every reason for which the wallet refuses, with the general sentence that documents it. */
export const WALLET_ERRORS = {
  'no-file': 'there is no wallet file at this place',
  unreadable: 'the operating system does not let the file be read',
  'file-exists': 'a wallet file is never overwritten by a new one',
  'not-a-wallet': 'the file is something else than a wallet',
  'newer-format': 'the file was written by a newer version of the program',
  'damaged-file': 'the file is truncated or changed; it was left as it is',
  'wrong-passphrase': 'the passphrase does not open the file',
  'file-replaced': 'another file, or one with another passphrase, is in the place of the open one',
  locked: 'the wallet was locked: its keys are forgotten until it is opened again',
  'wrong-network': 'the wallet, an address or the node belongs to another network',
  busy: 'another program is writing the wallet file',
  'bad-words': 'the words are no BIP-39 mnemonic',
  'bad-label': 'a label has a form that is not allowed',
  'bad-name': 'the name of a contact or of a wallet has a form that is not allowed',
  'bad-note': 'a note is too long or holds what cannot be seen',
  'bad-key': 'the text is no key of this network',
  'bad-setting': 'a setting of the wallet is out of range',
  'known-key': 'the key is in the wallet already',
  'unknown-contact': 'the wallet has no contact of this name',
  'watch-only': 'the private keys are elsewhere: this wallet sees and cannot sign',
  'unknown-label': 'the wallet has no such label',
  'bad-address': 'the address cannot be paid',
  'bad-amount': 'the amount cannot be paid',
  'bad-fee-rate': 'the fee rate is out of range',
  'insufficient-funds': 'the coins of the label do not cover the payment and its fee',
  'too-many-coins': 'the payment needs more coins than fit into one transaction',
  'too-many-payees': 'the payment has more payees than fit into one transaction',
  'coins-gone': 'a coin chosen for the payment was spent in the meantime',
  'frozen-coin': 'a coin chosen for the payment is frozen',
  'bad-coin': 'a coin chosen for the payment cannot be spent by it',
  'high-fee': 'the fee looks like a mistake',
  'bad-uri': 'the text is no payment URI that can be paid here',
  'unknown-payment': 'the wallet knows no payment of this id',
  'not-replaceable': 'no other payment can take the place of this one any more',
  'bad-psbt': 'the partly signed transaction (PSBT) cannot be read, or contradicts itself',
  'foreign-psbt': 'the partly signed transaction spends nothing of this wallet',
  'psbt-warning':
    'something about the partly signed transaction is wrong or odd enough not to sign or send it unseen',
  'unsigned-psbt': 'the partly signed transaction lacks signatures',
  'bad-message': 'the text cannot be signed as a message',
  'bad-signature': 'the signature of a message cannot be read',
  'foreign-address': 'the wallet has no key for the address',
  'history-changed': 'the history is another since its page before was read',
  rejected: 'the node refused the payment',
  declined: 'the owner said no',
  'bad-backend': 'the node said something that contradicts itself',
} as const;

export type WalletErrorCode = keyof typeof WALLET_ERRORS;

/** A refusal with a message for the owner of the wallet. It never carries key material. */
export class WalletError extends Error {
  override readonly name: string = 'WalletError';
  readonly code: WalletErrorCode;

  constructor(code: WalletErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The commands of `nilz wallet`. Each is loaded when it is called; the help quotes all of them, and loads all. */
import type { WalletCommand } from './command.ts';

/** A command by its name, and how to get at it. */
export interface CommandEntry {
  /** One or two words; those of the command itself. */
  readonly name: string;
  load(): Promise<WalletCommand>;
}

export interface CommandSection {
  readonly title: string;
  readonly commands: readonly CommandEntry[];
}

/** All commands, as the help lists them. */
export const SECTIONS: readonly CommandSection[] = [
  {
    title: 'Wallets',
    commands: [
      { name: 'init', load: async () => (await import('./init.ts')).init },
      { name: 'restore', load: async () => (await import('./restore.ts')).restore },
      { name: 'watch', load: async () => (await import('./watch.ts')).watch },
      { name: 'wallets', load: async () => (await import('./wallets.ts')).wallets },
      { name: 'settings', load: async () => (await import('./settings.ts')).settings },
      { name: 'gui', load: async () => (await import('./gui.ts')).gui },
    ],
  },
  {
    title: 'Being paid',
    commands: [
      { name: 'receive', load: async () => (await import('./receive.ts')).receive },
      { name: 'new-address', load: async () => (await import('./new-address.ts')).newAddress },
      { name: 'rename-label', load: async () => (await import('./rename-label.ts')).renameLabel },
      { name: 'list', load: async () => (await import('./list.ts')).list },
      { name: 'addresses', load: async () => (await import('./addresses.ts')).addresses },
      { name: 'scan', load: async () => (await import('./scan.ts')).scan },
    ],
  },
  {
    title: 'What there is',
    commands: [
      { name: 'balance', load: async () => (await import('./balance.ts')).balance },
      { name: 'history', load: async () => (await import('./history.ts')).history },
      { name: 'coins', load: async () => (await import('./coins.ts')).coins },
      { name: 'freeze', load: async () => (await import('./coins.ts')).freeze },
      { name: 'unfreeze', load: async () => (await import('./coins.ts')).unfreeze },
      { name: 'note', load: async () => (await import('./note.ts')).note },
      { name: 'check', load: async () => (await import('./check.ts')).check },
    ],
  },
  {
    title: 'Paying',
    commands: [
      { name: 'send', load: async () => (await import('./send.ts')).send },
      { name: 'fees', load: async () => (await import('./fees.ts')).fees },
      { name: 'bump', load: async () => (await import('./replacement.ts')).bump },
      { name: 'cancel', load: async () => (await import('./replacement.ts')).cancel },
      { name: 'contacts', load: async () => (await import('./contacts.ts')).contacts },
      { name: 'contacts add', load: async () => (await import('./contacts.ts')).contactsAdd },
      { name: 'contacts remove', load: async () => (await import('./contacts.ts')).contactsRemove },
    ],
  },
  {
    title: 'Signing elsewhere (PSBT)',
    commands: [
      { name: 'psbt create', load: async () => (await import('./psbt.ts')).psbtCreate },
      { name: 'psbt inspect', load: async () => (await import('./psbt.ts')).psbtInspect },
      { name: 'psbt sign', load: async () => (await import('./psbt.ts')).psbtSign },
      { name: 'psbt combine', load: async () => (await import('./psbt.ts')).psbtCombine },
      { name: 'psbt finalize', load: async () => (await import('./psbt.ts')).psbtFinalize },
      { name: 'psbt send', load: async () => (await import('./psbt.ts')).psbtSend },
    ],
  },
  {
    title: 'Messages',
    commands: [
      { name: 'sign-message', load: async () => (await import('./messages.ts')).signMessage },
      { name: 'verify-message', load: async () => (await import('./messages.ts')).verifyMessage },
    ],
  },
  {
    title: 'Keys',
    commands: [
      { name: 'check-backup', load: async () => (await import('./check-backup.ts')).checkBackup },
      { name: 'export-mnemonic', load: async () => (await import('./export-mnemonic.ts')).exportMnemonic },
      {
        name: 'change-passphrase',
        load: async () => (await import('./change-passphrase.ts')).changePassphrase,
      },
      { name: 'xpub', load: async () => (await import('./xpub.ts')).xpub },
      { name: 'import-key', load: async () => (await import('./import-key.ts')).importKey },
    ],
  },
];

/** `nilz wallet psbt …`: payments that are signed elsewhere, or for somebody else (BIP 174). */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { boolean, list, SettingError, string } from '../../service/config.ts';
import { coinName } from '../keys/owner-notes.ts';
import { requestOf } from '../payments/payment-plan.ts';
import type { Wallet } from '../wallet.ts';
import { walletCommand } from './command.ts';
import { AddressNames } from './payees.ts';
import { psbtJson, psbtLines, showWarnings } from './psbt-report.ts';
import { confirm, paymentJson, planLines } from './review.ts';
import { askedPayment, paymentSettings, requestFor } from './send.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { readBytesFrom, writeNewFile } from './text-file.ts';

const psbtSetting = {
  psbt: string({ help: 'the PSBT: a file, - for standard input, or its base64 text' }),
};
/** Of commands that take what was signed elsewhere: some wallets hand out nothing but the transaction. */
const signedSetting = {
  psbt: string({
    help: 'the PSBT, or the signed transaction it became: a file, - for standard input, or its text',
  }),
};
const outSetting = { out: string({ help: 'write the PSBT into this new file instead of printing it' }) };
const despiteSetting = {
  despiteWarnings: boolean({ help: 'go on although "psbt inspect" warns of something grave' }),
};

/** Every PSBT in base64 begins so. */
const BASE64_MAGIC = 'cHNidP';
/** A PSBT or a transaction in hexadecimal digits, of which none has fewer; no file is called so. */
const HEX = /^[0-9a-f]{120,}$/i;

/** @throws SettingError naming the option */
async function psbtFrom(text: string | undefined, terminal: Terminal): Promise<string | Uint8Array> {
  if (text === undefined)
    throw new SettingError('--psbt is missing: a file, - for standard input, or the base64 text');
  const isItself = text.startsWith(BASE64_MAGIC) || HEX.test(text);
  return isItself ? text : readBytesFrom(text, '--psbt', terminal);
}

/** The PSBT as the result, or in a file. */
function resultPsbt(
  session: Session,
  psbt: string,
  out: string | undefined,
  more: Record<string, unknown>,
): void {
  if (out !== undefined) writeNewFile(out, `${psbt}\n`, '--out');
  const facts = { network: session.profile.name, psbt, ...(out !== undefined && { file: out }), ...more };
  session.result(facts, [out ?? psbt]);
}

export const psbtCreate = walletCommand({
  name: 'psbt create',
  summary: 'a payment without signatures, for a signer elsewhere',
  settings: {
    ...paymentSettings,
    ...outSetting,
    acceptHighFee: boolean({ help: 'whatever the fee is' }),
    reserve: boolean({
      help:
        'keep the coins it spends for it, so that no other payment takes them until it is sent: ' +
        '"coins" shows them as frozen, "unfreeze" lets them go',
    }),
  },
  async run(session, values) {
    const asked = askedPayment(values);
    const wallet = await session.openWallet();
    const names = await AddressNames.of(wallet);
    const request = await requestFor(wallet, names, asked);
    const plan = await wallet.plan(request);
    for (const line of planLines(plan, names)) session.terminal.note(line);
    const { acceptHighFee } = values;
    const { psbt, report } = await wallet.createPsbt({ ...requestOf(plan), acceptHighFee });
    const reserved = values.reserve ? await wallet.reservePsbt(psbt) : [];
    for (const outPoint of reserved)
      session.terminal.note(`reserved until it is sent: ${coinName(outPoint)}`);
    resultPsbt(session, psbt, values.out, { ...psbtJson(report), reserved: reserved.map(coinName) });
  },
});

export const psbtInspect = walletCommand({
  name: 'psbt inspect',
  summary: 'what a PSBT pays, and what is odd about it',
  settings: signedSetting,
  async run(session, values) {
    const source = await psbtFrom(values.psbt, session.terminal);
    const wallet = await session.openWallet();
    const { report } = await wallet.inspectPsbt(source);
    const names = await AddressNames.of(wallet);
    session.result({ network: session.profile.name, ...psbtJson(report) }, psbtLines(report, names));
    showWarnings(report, session.terminal);
  },
});

export const psbtSign = walletCommand({
  name: 'psbt sign',
  summary: 'sign what belongs to this wallet; needs no node',
  settings: {
    ...psbtSetting,
    ...outSetting,
    ...despiteSetting,
    yes: boolean({ help: 'sign without asking' }),
  },
  async run(session, values) {
    const source = await psbtFrom(values.psbt, session.terminal);
    const wallet = await session.openWallet();
    const { report } = await wallet.inspectPsbt(source);
    const names = await AddressNames.of(wallet);
    showWarnings(report, session.terminal);
    await confirm(session, psbtLines(report, names), 'Sign this?', values.yes);
    const { despiteWarnings } = values;
    const signed = await wallet.signPsbt(source, { despiteWarnings });
    const { signedNow } = signed;
    resultPsbt(session, signed.psbt, values.out, { signed_now: signedNow, ...psbtJson(signed.report) });
    session.terminal.note(`${signedNow} of ${report.inputs.length} inputs signed now.`);
  },
});

export const psbtCombine = walletCommand({
  name: 'psbt combine',
  summary: 'put the signatures of several PSBTs of one payment together',
  settings: {
    psbt: list({ help: 'one of them: a file, or its base64 text; given for each' }),
    ...outSetting,
  },
  async run(session, values) {
    if (values.psbt.length < 2) throw new SettingError('--psbt is needed at least twice');
    const sources = await Promise.all(values.psbt.map((text) => psbtFrom(text, session.terminal)));
    const wallet = await session.openWallet();
    const { psbt, report } = await wallet.combinePsbt(sources);
    resultPsbt(session, psbt, values.out, psbtJson(report));
  },
});

export const psbtFinalize = walletCommand({
  name: 'psbt finalize',
  summary: 'check the signatures and complete the transaction',
  settings: { ...signedSetting, ...outSetting },
  async run(session, values) {
    const source = await psbtFrom(values.psbt, session.terminal);
    const { psbt, report, hex } = await (await session.openWallet()).finalizePsbt(source);
    resultPsbt(session, psbt, values.out, { ...psbtJson(report), hex: hex ?? null });
    if (hex === undefined) session.terminal.note('Signatures are still missing: it cannot be sent yet.');
  },
});

export const psbtSend = walletCommand({
  name: 'psbt send',
  summary: 'send a signed PSBT, and keep handing it in as any payment',
  settings: { ...signedSetting, ...despiteSetting, yes: boolean({ help: 'send without asking' }) },
  async run(session, values) {
    const source = await psbtFrom(values.psbt, session.terminal);
    const wallet: Wallet = await session.openWallet();
    const { report } = await wallet.inspectPsbt(source);
    const names = await AddressNames.of(wallet);
    showWarnings(report, session.terminal);
    const spent = `This wallet spends ${formatAmount(report.spent)} NILZ in all.`;
    await confirm(
      session,
      [...psbtLines(report, names), spent],
      `Send this ${session.kindOfMoney}money?`,
      values.yes,
    );
    const { despiteWarnings } = values;
    const payment = await wallet.payPsbt(source, { despiteWarnings });
    session.result({ network: session.profile.name, ...paymentJson(payment, names) }, [
      displayHash(payment.txid),
    ]);
  },
});

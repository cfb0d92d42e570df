/** A partly signed transaction to be carried elsewhere: as text, as a file, and read from either. */
import { copyButton } from '../../../service/web/copy.ts';
import { h } from '../../../service/web/element.ts';
import { download } from '../pieces/download.ts';
import { plainButton } from '../pieces/money.ts';

const FILE_NAME = 'payment.psbt';
const FILE_TYPE = 'application/octet-stream';
/** "psbt" and 0xff begin every one of them (BIP 174). */
const MAGIC = [0x70, 0x73, 0x62, 0x74, 0xff];
const MOST_BYTES = 1_100_000;

/** The text with ways to take it along. */
export function psbtFile(psbt: string): HTMLElement {
  return h(
    'div',
    { class: 'psbt-file' },
    h(
      'textarea',
      { class: 'mono psbt-text', rows: 4, readonly: true, 'aria-label': 'Partly signed transaction' },
      psbt,
    ),
    h(
      'div',
      { class: 'buttons' },
      copyButton(psbt, 'the transaction'),
      plainButton('Save as a file', () => download(FILE_NAME, FILE_TYPE, bytesOf(psbt))),
    ),
  );
}

/**
 * What a file holds, as base64: of bytes as most programs write them, or of text.
 * @throws RangeError when it is too large for one
 */
export async function readPsbtFile(file: File): Promise<string> {
  if (file.size > MOST_BYTES) throw new RangeError('this file is too large for a transaction');
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return new TextDecoder().decode(bytes).trim();
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

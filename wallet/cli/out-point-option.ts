/** Coins as people name them: TXID:INDEX, several separated by commas. */
import { CodecError, displayHash, parseDisplayHash } from '../../protocol/bytes.ts';
import { type OutPoint, outPointKey } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { SettingError } from '../../service/config.ts';

/**
 * The coins of an option.
 * @throws SettingError naming the option, for anything but TXID:INDEX, and for a coin that is named twice
 */
export function outPoints(text: string, option: string): OutPoint[] {
  const coins = text.split(',').map((part) => outPoint(part.trim(), option));
  const keys = new Set(coins.map(outPointKey));
  if (keys.size < coins.length) throw new SettingError(`${option}: a coin is named twice`);
  return coins;
}

function outPoint(text: string, option: string): OutPoint {
  const [, id = '', index = ''] = /^([0-9a-f]{64}):(\d{1,9})$/i.exec(text) ?? [];
  if (id === '') {
    throw new SettingError(
      `${option} ${text}: a coin is TXID:INDEX, as "nilz wallet coins" lists them; several are separated by commas`,
    );
  }
  return { txid: parseDisplayHash(id.toLowerCase()), index: Number(index) };
}

/** A coin as people and programs name it. */
export function outPointText({ txid, index }: OutPoint): string {
  return `${displayHash(txid)}:${index}`;
}

/**
 * The transaction of an option.
 * @throws SettingError naming the option
 */
export function transactionId(text: string | undefined, option: string): Hash {
  if (text === undefined)
    throw new SettingError(
      `${option} is missing: the id of a transaction, as "nilz wallet history" lists them`,
    );
  try {
    return parseDisplayHash(text.toLowerCase());
  } catch (error) {
    if (error instanceof CodecError) throw new SettingError(`${option} ${text}: ${error.message}`);
    throw error;
  }
}

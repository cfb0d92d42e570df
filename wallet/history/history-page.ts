/** Which rows of a history are wanted, page by page, newest first. Pure. */
import { displayHash } from '../../protocol/bytes.ts';
import { WalletError } from '../wallet-error.ts';
import type { Effect } from './effects.ts';
import {
  type Direction,
  type HistoryEntry,
  type HistoryFacts,
  type HistorySetting,
  type HistoryStatus,
  historyEntry,
  historyFacts,
} from './history.ts';

/** What of a history is wanted; whatever is left out restricts nothing. */
export interface HistoryFilter {
  readonly direction?: Direction | undefined;
  readonly status?: HistoryStatus | undefined;
  /** In notes, labels, contacts, addresses or ids, in any case. */
  readonly text?: string | undefined;
  /** Unix seconds, included; what waits for a block happens now. */
  readonly since?: number | undefined;
  /** Unix seconds, not included. */
  readonly until?: number | undefined;
}

export interface HistoryChoice {
  /** `label` (default): a row for each label that a transaction concerns; `wallet`: one for each transaction. */
  readonly scope?: 'label' | 'wallet';
  /** Only what concerns this label. */
  readonly label?: string | undefined;
  readonly filter?: HistoryFilter | undefined;
}

export interface HistoryRequest extends HistoryChoice {
  /** At most so many rows. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface HistoryPage {
  /** Pending ones first, then block by block backwards. */
  readonly rows: readonly HistoryEntry[];
  /** Of all pages. */
  readonly total: number;
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined;
}

/** A row before it is told: most are only counted. */
interface Row {
  readonly effect: Effect;
  /** Undefined for the whole wallet. */
  readonly label: string | undefined;
}

/**
 * @param effects oldest first
 * @param now Unix seconds
 * @throws WalletError `history-changed` when the row that the page is to follow is gone
 */
export function pageOf(
  effects: readonly Effect[],
  { limit, after, ...choice }: HistoryRequest,
  setting: HistorySetting,
  now: number,
): HistoryPage {
  const rows = chosenRows(effects, choice, setting, now);
  const from = after === undefined ? 0 : rows.findIndex((row) => markOf(row) === after) + 1;
  if (after !== undefined && from === 0) {
    throw new WalletError('history-changed', 'the history is another since that page was read: begin again');
  }
  const page = rows.slice(from, from + limit);
  const last = page.at(-1);
  return {
    rows: page.map((row) => entryOf(row, setting)),
    total: rows.length,
    next: last !== undefined && from + limit < rows.length ? markOf(last) : undefined,
  };
}

/** All rows that are wanted. */
export function rowsOf(
  effects: readonly Effect[],
  choice: HistoryChoice,
  setting: HistorySetting,
  now: number,
): HistoryEntry[] {
  return chosenRows(effects, choice, setting, now).map((row) => entryOf(row, setting));
}

function entryOf({ effect, label }: Row, setting: HistorySetting): HistoryEntry {
  return historyEntry(effect, historyFacts(effect, label, setting), setting);
}

function chosenRows(
  effects: readonly Effect[],
  { scope = 'label', label, filter = {} }: HistoryChoice,
  setting: HistorySetting,
  now: number,
): Row[] {
  const rows: Row[] = [];
  for (let n = effects.length - 1; n >= 0; n--) {
    const effect = effects[n];
    if (effect === undefined || (label !== undefined && !effect.labels.includes(label))) continue;
    if (scope === 'wallet') rows.push({ effect, label: undefined });
    else if (label !== undefined) rows.push({ effect, label });
    else for (const teller of effect.labels) rows.push({ effect, label: teller });
  }
  const isAnything = Object.values(filter).every((wish) => wish === undefined || wish === '');
  return isAnything ? rows : rows.filter((row) => isWanted(row, filter, setting, now));
}

function isWanted(
  { effect, label }: Row,
  filter: HistoryFilter,
  setting: HistorySetting,
  now: number,
): boolean {
  const { direction, status, text, since, until } = filter;
  const facts: HistoryFacts = historyFacts(effect, label, setting);
  const time = facts.time ?? now;
  if (direction !== undefined && facts.direction !== direction) return false;
  if (status !== undefined && facts.status !== status) return false;
  if (since !== undefined && time < since) return false;
  if (until !== undefined && time >= until) return false;
  if (text === undefined || text.trim() === '') return true;
  const wanted = text.normalize('NFC').trim().toLowerCase();
  return wordsOf(historyEntry(effect, facts, setting)).some((word) => word.toLowerCase().includes(wanted));
}

/** All that a search looks at. */
function wordsOf({ txid, note, labels, paid, received }: HistoryEntry): string[] {
  const ends = [...paid, ...received].flatMap(({ address, contact }) => [address ?? '', contact ?? '']);
  return [displayHash(txid), note, ...labels, ...ends];
}

/** A txid has no colon, so the label may have what it likes. */
function markOf({ effect, label }: Row): string {
  return label === undefined ? effect.id : `${effect.id}:${label}`;
}

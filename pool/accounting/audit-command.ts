import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexToBytes } from '../../protocol/bytes.ts';
import { boolean, SettingError, string } from '../../service/config.ts';
import { EXIT } from '../../service/lifecycle.ts';
import { LEDGER_FILE, PLACE_SETTINGS, POOL_SETTINGS, poolDirectory } from '../settings.ts';
import { subcommand } from '../subcommand.ts';
import { auditLedger, outcomeOf } from './audit.ts';
import { auditJson, auditText } from './audit-text.ts';
import type { NotedHead } from './chain-audit.ts';

/** Exit code when everything kept adds up, and the noted head is too old or unknown. */
const UNDECIDED = 4;
const EXITS = { 'adds-up': EXIT.done, 'does-not': EXIT.failed, undecided: UNDECIDED } as const;

/** `nilz pool audit`. Exit code 0: everything adds up; 1: it does not; 4: the noted head cannot be judged. */
export const auditCommand = subcommand({
  summary: "recomputes everything from a pool's ledger and says whether it adds up",
  fileOf: POOL_SETTINGS,
  settings: {
    ...PLACE_SETTINGS,
    ledger: string({ help: "the ledger's file, if it is not in the data directory: a copy, a backup" }),
    head: string({
      help:
        'a head of the share log that was noted from /stats or /live, as HEAD or BATCH:HEAD: shows that nothing ' +
        'up to it was removed or changed since',
    }),
    json: boolean({ help: 'print what was found as JSON' }),
  },
  run: async (values) => {
    const noted = values.head === undefined ? undefined : readNotedHead(values.head);
    const place = () => poolDirectory(values, (file) => readFileSync(file, 'utf8'));
    const report = await auditLedger(values.ledger ?? join(place(), LEDGER_FILE), noted);
    console.log(values.json ? JSON.stringify(auditJson(report, noted)) : auditText(report, noted));
    return EXITS[outcomeOf(report)];
  },
});

/** Reads `HEAD` or `BATCH:HEAD`. @throws SettingError */
export function readNotedHead(text: string): NotedHead {
  const [, batch, hex] = /^(?:(\d{1,15}):)?([0-9a-f]{64})$/i.exec(text) ?? [];
  if (hex === undefined) {
    throw new SettingError(
      '--head: must be 64 hex digits, or the number of the batch, a colon and 64 hex digits',
    );
  }
  return { head: hexToBytes(hex), ...(batch !== undefined && { batch: Number(batch) }) };
}

import { readFile } from 'node:fs/promises';
import { boolean, SettingError } from '../../service/config.ts';
import { EXIT } from '../../service/lifecycle.ts';
import { subcommand } from '../subcommand.ts';
import { type ReadRecording, readRecording } from './recording.ts';
import { replay } from './replay.ts';
import { replayText, summaryOf } from './replay-text.ts';

/**
 * `nilz pool replay FILE`. Exit code 0: every verdict is as recorded; 1: some are not; 2: the file cannot be read or
 * is no recording.
 */
export const replayCommand = subcommand({
  summary: 'replays a recorded Stratum session against the share checks',
  positionals: 'FILE',
  settings: {
    explain: boolean({ help: 'show the arithmetic of every submission, not only of those refused' }),
    json: boolean({ help: 'print the verdicts as JSON' }),
  },
  run: async ({ explain, json }, positionals) => {
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) {
      throw new SettingError('give one FILE: a recorded session, or what GET /sessions/ID/inspect answered');
    }
    const shares = replay(await recordingIn(file));
    const summary = summaryOf(shares);
    console.log(json ? JSON.stringify({ ...summary, shares }) : replayText(shares, explain));
    return summary.differ > 0 ? EXIT.failed : EXIT.done;
  },
});

/** @throws SettingError naming the file */
async function recordingIn(file: string): Promise<ReadRecording> {
  try {
    return readRecording(await readFile(file, 'utf8'));
  } catch (error) {
    throw new SettingError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

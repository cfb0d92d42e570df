/** `nilz backup FOLDER`: copies the databases of a network while their services run. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { networkDirectory } from '../protocol/network.ts';
import { chooseNetwork } from '../protocol/network-choice.ts';
import { boolean, helpText, loadSettings, SettingError, string } from '../service/config.ts';
import { DatabaseError } from '../service/database.ts';
import { copyDatabase } from '../service/database-copy.ts';
import { DirectoryError, makeDirectory } from '../service/files.ts';
import { EXIT } from '../service/lifecycle.ts';
import { NETWORK_SETTINGS } from '../wallet/network-settings.ts';

const command = 'nilz backup';
const settings = {
  ...NETWORK_SETTINGS,
  datadir: string({ help: 'where the data is kept, a folder for each network', default: './data' }),
  json: boolean({ help: 'print one JSON document' }),
};

const SUMMARY = `Copies the databases of the network's folder into FOLDER while the services that write them run: the chain,
the pool's ledger, the faucet's book, as far as they are there; or only those named. To restore, stop the service, put
the copy in the place of its database and remove what is called like it with -wal or -shm at the end.`;
const SUFFIX = '.sqlite';
/** What others rest on comes first: books that are younger than the chain know all of it that concerns them. */
const FIRST = 'node.sqlite';

/** Runs `nilz backup`; returns the exit code. */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = loadSettings(settings, { command, argv, env, positionals: 'any' });
  if (help) {
    process.stdout.write(helpText(settings, { command, summary: SUMMARY, positionals: 'FOLDER [FILE…]' }));
    return EXIT.done;
  }
  const [folder, ...named] = positionals;
  if (folder === undefined) throw new SettingError(`FOLDER is missing; see ${command} --help`);
  const profile = chooseNetwork(values, (file) => readFileSync(file, 'utf8'));
  const source = join(values.datadir, networkDirectory(profile));
  const files = named.length > 0 ? named : databasesOf(source);
  try {
    await makeDirectory(folder);
    const copies = [];
    for (const file of files) {
      const copy = join(folder, basename(file));
      copies.push({ file, copy, bytes: await copyDatabase(file, copy) });
    }
    const lines = copies.map(({ file, copy, bytes }) => `${file} → ${copy}  ${bytes} bytes`);
    console.log(values.json ? JSON.stringify({ copies }) : lines.join('\n'));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof DatabaseError || error instanceof DirectoryError)) throw error;
    console.error(`${command}: ${error.message}`);
    return EXIT.failed;
  }
}

/** @throws SettingError where there is none */
function databasesOf(folder: string): string[] {
  const files = namesIn(folder).filter((name) => name.endsWith(SUFFIX));
  if (files.length === 0) throw new SettingError(`--datadir: there is no database in ${folder}`);
  return files
    .sort((a, b) => Number(b === FIRST) - Number(a === FIRST) || a.localeCompare(b))
    .map((name) => join(folder, name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SettingError(`--datadir: cannot read ${folder}: ${reason}`);
  }
}

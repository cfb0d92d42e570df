/** The thread of `nilz node --mine`: a miner, and what it says handed to the main thread. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { lineOf } from '../miner/face/event-log.ts';
import { CALIBRATION_FILE, openCalibrationFile } from '../miner/kernel/calibration-file.ts';
import { startMiner } from '../miner/miner.ts';
import { createLogger } from '../service/log.ts';
import type { FromMiner, MinerAssignment } from './node-mining.ts';

const { rpcUrl, credentials, address, threads, paceMs, dataDirectory } = workerData as MinerAssignment;

/** The node as the miner takes it; it is never shown with its password. */
function nodeAddress(): string {
  const { user, password } = credentials;
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return rpcUrl.replace(/^http:\/\//, `gbt+http://${login}@`);
}

const say = (message: FromMiner): void => parentPort?.postMessage(message);

/** What there is to say is said as events. */
const log = createLogger({ name: 'miner', level: 'silent' });
const path = join(dataDirectory, CALIBRATION_FILE);
const calibration = await openCalibrationFile({ path, log, unixMs: Date.now });
const pools = [{ url: nodeAddress(), user: address, paceMs }];
const miner = await startMiner({ pools, threads, calibration, log });
miner.events.on('event', (event) => say(lineOf(event)));
// The only message is that to stop.
parentPort?.once('message', () => {
  void miner
    .stop()
    .then(calibration.written)
    .then(() => process.exit());
});
say('ready');

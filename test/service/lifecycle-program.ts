/** A program to be stopped by signals; its argument says how it behaves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runUntilSignal } from '../../service/lifecycle.ts';
import { createLogger } from '../../service/log.ts';

const [behaviour = ''] = process.argv.slice(2);
const log = createLogger({ name: 'program', level: 'info', pretty: false });

const stops: Readonly<Record<string, () => Promise<void>>> = {
  clean: () => Promise.resolve(),
  failing: () => Promise.reject(new Error('cannot stop')),
  // The second signal of one press, before anybody else could send it: a busy machine has no say in when.
  'pressed twice': () => {
    process.kill(process.pid, 'SIGINT');
    return sleep(200);
  },
  hanging: () => new Promise(() => undefined),
};

process.exitCode = await runUntilSignal(
  async ({ requestStop }) => {
    const talk = behaviour === 'talking' ? () => console.log('something') : () => undefined;
    const timer = setInterval(talk, behaviour === 'talking' ? 10 : 1_000);
    if (behaviour === 'throws later') setTimeout(() => Promise.reject(new Error('nobody expected this')), 1);
    if (behaviour === 'stops itself') setTimeout(requestStop, 1);
    if (behaviour === 'gives up') setTimeout(requestStop, 1, 1);
    if (behaviour === 'cannot start') throw new Error('cannot start');
    process.stdout.write('running\n');
    return {
      stop: async () => {
        if (behaviour !== 'talking') process.stdout.write('stopping\n');
        await (stops[behaviour] ?? stops.clean)?.();
        clearInterval(timer);
      },
    };
  },
  {
    log,
    deadlineMs: behaviour === 'hanging' && process.argv[3] !== undefined ? Number(process.argv[3]) : 2_000,
  },
);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogLevel } from '../../service/log.ts';

function collecting(
  level: LogLevel,
  pretty: boolean,
): { lines: string[]; logger: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ name: 'node', level, pretty, destination: { write: (line) => lines.push(line) } }),
  };
}

test('machines get a JSON object a line, with the name of the part that speaks', () => {
  const { lines, logger } = collecting('info', false);
  logger.info({ height: 5 }, 'connected');
  logger.child({ part: 'rpc' }).info('called');
  const [first = '', second = ''] = lines;
  const { level, name, height, msg } = JSON.parse(first);
  assert.deepEqual({ level, name, height, msg }, { level: 30, name: 'node', height: 5, msg: 'connected' });
  assert.match(second, /"name":"node","part":"rpc","msg":"called"}\n$/);
});

test('people get the time, the level, the part, the message and its fields', () => {
  const { lines, logger } = collecting('info', true);
  logger.info({ height: 5, reason: 'two words' }, 'connected');
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d info {2}node: connected height=5 reason="two words"\n$/);
  logger.child({ part: 'rpc' }).warn('called');
  assert.match(lines[1] ?? '', / WARN {2}node\/rpc: called\n$/);
});

test('an error comes with its stack', () => {
  for (const pretty of [true, false]) {
    const { lines, logger } = collecting('info', pretty);
    logger.error({ err: new TypeError('broken') }, 'failed');
    assert.match(lines[0] ?? '', /TypeError: broken.*log\.test\.ts/s);
  }
});

test('levels below the chosen one are silent', () => {
  const { lines, logger } = collecting('warn', false);
  logger.info('nothing');
  logger.warn('something');
  assert.equal(lines.length, 1);
  const silent = collecting('silent', false);
  silent.logger.fatal('nothing');
  assert.deepEqual(silent.lines, []);
});

test('passwords are not written', () => {
  const { lines, logger } = collecting('info', false);
  logger.info({ password: 'sesame', options: { password: 'sesame', passphrase: 'sesame' } }, 'starting');
  assert.doesNotMatch(lines.join(''), /sesame/);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CommandPlace, commandOptions } from '../../../cli/up/command-options.ts';
import { changeProfile, profileByName } from '../../../protocol/network.ts';

const DEV = profileByName('dev');
const USUAL: CommandPlace = {
  profile: DEV,
  dataDirectory: './data',
  rpcUrl: 'http://127.0.0.1:5000',
  credentials: { user: '__cookie__', password: 'ab' },
  cookieFile: 'data/dev/.cookie',
};

describe('the options that find the stack', () => {
  test('are none where everything is where commands look by default', () => {
    assert.equal(commandOptions(USUAL, { password: true }), '');
  });

  test('name what is elsewhere, as a shell takes it', () => {
    const place = {
      ...USUAL,
      profile: changeProfile(DEV, { blockTimeSeconds: 5, window: 20 }),
      dataDirectory: "/tmp/o'hara's data",
      rpcUrl: 'http://127.0.0.1:41001',
    };
    assert.equal(
      commandOptions(place, { password: true }),
      String.raw` --datadir '/tmp/o'\''hara'\''s data' --block-time 5 --retarget-window 20 --node-url http://127.0.0.1:41001`,
    );
  });

  test('tell a chosen password where that is wished only, and never that of a cookie', () => {
    const place = { ...USUAL, credentials: { user: 'me', password: 's3cret/?' }, cookieFile: undefined };
    assert.equal(
      commandOptions(place, { password: true }),
      ' --node-url http://me:s3cret%2F%3F@127.0.0.1:5000/',
    );
    assert.equal(
      commandOptions(place, { password: false }),
      ' --node-url http://me:PASSWORD@127.0.0.1:5000/',
    );
    assert.doesNotMatch(commandOptions({ ...USUAL, rpcUrl: 'http://127.0.0.1:1' }, { password: true }), /ab/);
  });
});

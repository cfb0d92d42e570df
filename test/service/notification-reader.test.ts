import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { createLogger } from '../../service/log.ts';
import { NotificationReader, type ReaderTiming } from '../../service/notification-reader.ts';
import { RpcLogin } from '../../service/rpc-login.ts';

const LIMITED = { timeout: 20_000 };
const QUICK: Partial<ReaderTiming> = {
  firstPauseMs: 5,
  longestPauseMs: 20,
  answerMs: 2_000,
  silenceMs: 2_000,
};

/** What a reader told its listener, in order, and a feed whose script is written by the test. */
class Scene {
  readonly told: string[] = [];
  #onTold = (): void => undefined;

  /** @param onRequest what the feed does when somebody subscribes */
  static async open(
    t: TestContext,
    onRequest: (socket: WebSocket, visit: number) => void,
    timing: Partial<ReaderTiming> = {},
  ): Promise<Scene> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/ws', autoPong: true });
    await once(server, 'listening');
    let visits = 0;
    server.on('connection', (socket) => {
      visits += 1;
      const visit = visits;
      socket.on('message', () => onRequest(socket, visit));
    });
    const scene = new Scene();
    const { port } = server.address() as { port: number };
    const tell = (text: string): void => {
      scene.told.push(text);
      scene.#onTold();
    };
    const reader = new NotificationReader({
      login: new RpcLogin({ url: `http://u:p@127.0.0.1:${port}` }),
      path: '/ws',
      topics: ['doors'],
      topicOf: (method) => (method.startsWith('door.') ? 'doors' : undefined),
      listener: {
        onSubscribed: ({ instance, sequences }) => tell(`subscribed ${instance} ${sequences.doors}`),
        onNotification: (method, params) => tell(`${method} ${params.sequence}`),
        onLost: (reason) => tell(`lost: ${reason}`),
      },
      log: createLogger({ name: 'test', level: 'silent' }),
      random: () => 0,
      timing: { ...QUICK, ...timing },
    });
    reader.start();
    t.after(() => {
      reader.stop();
      for (const client of server.clients) client.terminate();
      server.close();
    });
    return scene;
  }

  async until(count: number): Promise<string[]> {
    while (this.told.length < count) {
      await new Promise<void>((resolve) => {
        this.#onTold = resolve;
      });
    }
    return this.told.slice(0, count);
  }

  /** The reader tries again and again, so what a busy machine makes it say first does not matter. */
  async untilTold(pattern: RegExp): Promise<void> {
    while (!this.told.some((text) => pattern.test(text))) await this.until(this.told.length + 1);
  }
}

const subscribed = (instance: string, doors: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, result: { instance, sequences: { doors } } });
const opened = (sequence: number): string =>
  JSON.stringify({ jsonrpc: '2.0', method: 'door.opened', params: { sequence } });

test(
  'hears what comes after its subscription, and subscribes again when the connection breaks',
  LIMITED,
  async (t) => {
    const scene = await Scene.open(t, (socket, visit) => {
      socket.send(subscribed('x', visit * 10));
      socket.send(opened(visit * 10 + 1));
      if (visit === 1) socket.close();
    });
    const told = await scene.until(5);
    assert.match(told[2]!, /^lost: http:\/\/127\.0\.0\.1:\d+ closed the connection$/);
    assert.deepEqual(told.toSpliced(2, 1), [
      'subscribed x 10',
      'door.opened 11',
      'subscribed x 20',
      'door.opened 21',
    ]);
  },
);

test(
  'takes a gap in the numbers for a loss: whoever hears only half asks for the whole',
  LIMITED,
  async (t) => {
    const scene = await Scene.open(t, (socket, visit) => {
      socket.send(subscribed('x', 5));
      if (visit === 1) socket.send(opened(7));
    });
    const [, lost, again] = await scene.until(3);
    assert.match(lost!, /notification 7 of doors came where 6 was expected/);
    assert.equal(again, 'subscribed x 5');
  },
);

test('gives a server up that says nothing, and one that says nonsense', LIMITED, async (t) => {
  const silent = await Scene.open(t, () => undefined, { answerMs: 30 });
  await silent.untilTold(/^lost: .* does not answer/);
  const babbling = await Scene.open(t, (socket) => socket.send('{"method":1}'));
  await babbling.untilTold(/^lost: .* is no notification/);
});

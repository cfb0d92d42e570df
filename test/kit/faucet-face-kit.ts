/** A faucet with its face, in front of a real regtest node. */

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FaceOptions } from '../../faucet/http/http-settings.ts';
import { DEFAULT_FACE_LIMITS } from '../../faucet/http/http-settings.ts';
import { type FaucetHttp, serveFaucet } from '../../faucet/http/serve.ts';
import { type Clock, systemClock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import { FaucetKit, type FaucetSetup } from './faucet-kit.ts';
import { askJson, type JsonAnswer } from './http-client.ts';
import { SILENT } from './pool-kit.ts';
import { findStamp } from './solved-stamp.ts';

/** So that a test need not wait for much work. */
const LITTLE_WORK = { least: 2, most: 128 };

export interface FaceSetup extends FaucetSetup {
  readonly face?: Partial<FaceOptions>;
  readonly log?: Logger;
}

export class FaceKit {
  readonly kit: FaucetKit;
  readonly tokenFile: string;
  readonly #clock: Clock;
  #http: FaucetHttp | undefined;

  private constructor(kit: FaucetKit, clock: Clock) {
    this.kit = kit;
    this.tokenFile = join(dirname(kit.file), 'faucet.token');
    this.#clock = clock;
  }

  static async start(test: TestContext, { face, ...setup }: FaceSetup = {}): Promise<FaceKit> {
    const kit = await FaucetKit.start(test, setup);
    const faceKit = new FaceKit(kit, setup.clock ?? systemClock);
    await faceKit.serve(face, setup.log);
    test.after(() => faceKit.stop());
    return faceKit;
  }

  get url(): string {
    return this.#http!.httpUrl;
  }

  async serve(face: Partial<FaceOptions> = {}, log: Logger = SILENT): Promise<void> {
    const { desk, clock, secret } = this.kit.core;
    this.#http = await serveFaucet({
      desk,
      secret,
      clock: this.#clock,
      claimClock: clock,
      log,
      tokenFile: this.tokenFile,
      host: '127.0.0.1',
      port: 0,
      corsOrigins: [],
      trustedProxies: 0,
      explorerUrl: undefined,
      captcha: undefined,
      work: LITTLE_WORK,
      limits: DEFAULT_FACE_LIMITS,
      ...face,
    });
  }

  async stop(): Promise<void> {
    await this.#http?.stop();
    this.#http = undefined;
  }

  /** Mines the block that has the payment of a claim, as soon as the node has it: it is written before it is sent. */
  async confirm(id: string): Promise<void> {
    const { txid } = await this.kit.untilClaim(id, ({ state }) => state === 'sent');
    await this.kit.until(async () => (await this.kit.mempool()).includes(txid!));
    await this.kit.node.mine(1);
    await this.kit.untilClaim(id, ({ state }) => state === 'confirmed');
  }

  get<T = Record<string, unknown>>(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<JsonAnswer<T>> {
    return askJson<T>(this.url + path, { headers });
  }

  post<T = Record<string, unknown>>(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<JsonAnswer<T>> {
    return askJson<T>(this.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }
}

/** Nobody is told to wait. */
export const NO_LIMITS = {
  connections: { total: 5_000, perAddress: 5_000 },
  reads: { perSecond: 1e6, burst: 1e6 },
  writes: { perSecond: 1e6, burst: 1e6 },
  wrongTokensPerMinute: 3,
};

export interface Failure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly field?: string;
    readonly retry_at?: number;
    readonly retry_after_seconds?: number;
    readonly claim?: string;
  };
}
export interface Claim {
  readonly id: string;
  readonly state: string;
  readonly amount: number;
  readonly txid: string | null;
}

export function openFace(test: TestContext, setup: FaceSetup = {}): Promise<FaceKit> {
  return FaceKit.start(test, { ...setup, face: { limits: NO_LIMITS, ...setup.face } });
}

/** A challenge, and the work done for it. */
export async function stampFor(
  face: FaceKit,
  address: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { status, body } = await face.get<{ token: string; attempts: number }>(
    `/challenge?address=${address}`,
    headers,
  );
  assert.equal(status, 200, JSON.stringify(body));
  return findStamp(body.token, body.attempts);
}

export async function claim(face: FaceKit, address: string, headers: Record<string, string> = {}) {
  const challenge = await stampFor(face, address, headers);
  return face.post<Claim & Failure>('/claim', { address, challenge }, headers);
}

/** As a proxy in front would send it. */
export function from(ip: string): Record<string, string> {
  return { 'X-Forwarded-For': ip };
}

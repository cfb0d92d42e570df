import { randomBytes } from 'node:crypto';
import type { Clock } from '../../service/clock.ts';
import { adminOnly } from '../../service/http-server/admin-guard.ts';
import { openAdminToken } from '../../service/http-server/admin-token.ts';
import { clientAddressBehindCount } from '../../service/http-server/client-address.ts';
import { httpApp, newAnswerCounters } from '../../service/http-server/http-app.ts';
import { ClientRates, rateLimit } from '../../service/http-server/rate-limit.ts';
import { startHttpService } from '../../service/http-server/start-http-service.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import { servePage } from '../../service/pages.ts';
import { CaptchaCheck } from '../captcha/captcha-check.ts';
import { ChallengeDesk } from '../challenge/challenge-desk.ts';
import type { ClaimDesk } from '../claims/claim-desk.ts';
import { FAUCET_PAGE } from '../web/page.ts';
import { newFaceCounters } from './counters.ts';
import type { FaceView } from './face-view.ts';
import type { FaceOptions } from './http-settings.ts';
import { captchaProof, noProof, type ProofDesk, workProof } from './proof-desk.ts';
import { isRefusal, refusalAnswer } from './refusal-answer.ts';
import { faucetRouter } from './routes.ts';

export interface ServeFaucetOptions extends FaceOptions {
  readonly desk: ClaimDesk;
  /** A random value for a purpose, the same after a restart. */
  readonly secret: (purpose: string) => Promise<Uint8Array>;
  /** The machine's. */
  readonly clock: Clock;
  /** By which claims and challenges are dated. */
  readonly claimClock: Clock;
  readonly log: Logger;
  /** The admin token; made where there is none. */
  readonly tokenFile: string;
}

/** The HTTP port of a faucet that is up. */
export interface FaucetHttp extends Stoppable {
  readonly httpUrl: string;
  readonly adminTokenFile: string;
}

const HOURS_A_DAY = 24;

/**
 * Opens the HTTP port: the API and the page.
 * @throws ListenError when the port is taken; DirectoryError when the admin token cannot be read
 */
export async function serveFaucet(options: ServeFaucetOptions): Promise<FaucetHttp> {
  const { desk, clock, log, limits, tokenFile, captcha, trustedProxies } = options;
  const clientAddress = clientAddressBehindCount(trustedProxies);
  const view: FaceView = {
    desk,
    proof: await proofDesk(options),
    clock,
    explorerUrl: options.explorerUrl,
    counters: newFaceCounters(),
    answers: newAnswerCounters(),
    rates: {
      reads: new ClientRates(limits.reads, () => clock.steadyMs()),
      writes: new ClientRates(limits.writes, () => clock.steadyMs()),
    },
  };
  const { counters, answers, rates } = view;
  const guard = adminOnly({
    token: await openAdminToken(tokenFile, { owner: 'the faucet' }),
    realm: 'nilz faucet',
    counters,
    log,
    clientAddress,
    wrongTokensPerMinute: limits.wrongTokensPerMinute,
  });
  const hasWidget = captcha?.siteKey !== undefined;
  const app = httpApp({
    router: faucetRouter(view, clientAddress, guard),
    cors: { origins: options.corsOrigins },
    log,
    counters: answers,
    guard: rateLimit(clientAddress, (method, path) => (isWork(method, path) ? rates.writes : rates.reads)),
    pages: servePage(FAUCET_PAGE, hasWidget ? { strangers: captcha.provider.sources } : {}),
    explain: (error) => {
      if (!isRefusal(error)) return undefined;
      counters.refusals.set(error.code, (counters.refusals.get(error.code) ?? 0) + 1);
      return refusalAnswer(error, clock.wallMs());
    },
  });
  const http = await startHttpService({
    host: options.host,
    port: options.port,
    portSetting: options.portSetting ?? '--http-port',
    handler: app.callback(),
    connections: limits.connections,
    // How many proxies there are is known, not which: connections may all be theirs.
    isProxy: () => trustedProxies > 0,
    onRefused: () => {
      counters.refusedConnections += 1;
    },
    log,
  });
  return { httpUrl: http.url, adminTokenFile: tokenFile, stop: () => http.stop() };
}

/** What a claim has to show: a captcha where one is set, else work, unless it is to cost nothing. */
async function proofDesk(options: ServeFaucetOptions): Promise<ProofDesk> {
  const { captcha, work, claimClock, log, desk, secret } = options;
  if (captcha !== undefined) return captchaProof(new CaptchaCheck(captcha, claimClock, log), captcha);
  if (work === undefined) return noProof();
  const { dailyCap, amount } = await desk.state();
  return workProof(
    new ChallengeDesk({
      secret: await secret('challenge'),
      clock: claimClock,
      random: randomBytes,
      work,
      sustainablePerHour: Number(dailyCap / amount) / HOURS_A_DAY,
    }),
  );
}

/** Whether a request makes the faucet work, or changes something. */
function isWork(method: string, path: string): boolean {
  return path === '/challenge' || !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

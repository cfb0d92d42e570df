import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { formatAmount } from '../../protocol/amount.ts';
import { boolean, SettingError, string } from '../../service/config.ts';
import { readAdminToken } from '../../service/http-server/admin-token.ts';
import { EXIT } from '../../service/lifecycle.ts';
import { UnreachableError } from '../../service/rpc-client.ts';
import { adminTokenFile, POOL_TOKEN } from '../http/admin-token-file.ts';
import { LEDGER_FILE, PLACE_SETTINGS, POOL_SETTINGS, poolDirectory } from '../settings.ts';
import { subcommand } from '../subcommand.ts';

const nits = z.string().regex(/^\d+$/).transform(BigInt);

/** The answer of `POST /settle`, as far as it is shown. */
const Answer = z.object({
  dry_run: z.boolean(),
  total_nits: nits,
  transactions: z.array(
    z.object({
      txid: z.string().nullable(),
      fee_nits: nits,
      total_nits: nits,
      vsize: z.number(),
      items: z.array(z.object({ address: z.string(), amount_nits: nits })),
    }),
  ),
  waits_total: z.number(),
  trouble: z.string().nullable(),
});
type Answer = z.infer<typeof Answer>;

const Refusal = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

/** A settlement may wait for another one, for the wallet file and for the node. */
const TIMEOUT_MS = 120_000;

/** Addresses that a server listens on and no client can connect to: all of the machine's. */
const ANY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** `nilz pool settle`: asks the pool that runs to pay what is due now. Exit code 1: not everything could be paid. */
export const settleCommand = subcommand({
  summary: 'pays what is due now, or with --dry-run says what would be paid',
  fileOf: POOL_SETTINGS,
  settings: {
    ...PLACE_SETTINGS,
    httpBind: POOL_SETTINGS.httpBind,
    httpPort: POOL_SETTINGS.httpPort,
    httpUrl: string({
      help: "the running pool's HTTP port, where --http-bind and --http-port of the pool do not tell it",
    }),
    dryRun: boolean({ help: 'send nothing, say exactly what would be sent' }),
    json: boolean({ help: "print the pool's answer as JSON" }),
  },
  run: async ({ httpBind, httpPort, httpUrl, dryRun, json, ...place }) => {
    const url = httpUrl ?? urlOf(httpBind, httpPort);
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw new SettingError('--http-url: must have the form http://HOST:PORT');
    }
    const directory = poolDirectory(place, (file) => readFileSync(file, 'utf8'));
    const tokenFile = adminTokenFile(join(directory, LEDGER_FILE));
    const token = await readAdminToken(tokenFile, POOL_TOKEN);
    const { origin } = new URL(url);
    const { status, body } = await post(new URL('/settle', url), token, { dry_run: dryRun });
    if (status === WRONG_TOKEN) {
      throw new SettingError(
        `the pool at ${origin} has another admin token than ${tokenFile}: --network and --datadir must be those ` +
          'of that pool, and on its own machine',
      );
    }
    const refusal = refusalIn(body);
    if (status !== OK && refusal !== undefined) {
      console.error(`nilz pool settle: ${refusal}`);
      return EXIT.failed;
    }
    const answer = Answer.safeParse(body);
    if (!answer.success) throw noPool(origin, `HTTP ${status}`);
    console.log(json ? JSON.stringify(body) : settlementText(answer.data));
    return answer.data.trouble === null ? EXIT.done : EXIT.failed;
  },
});

const OK = 200;
const WRONG_TOKEN = 403;

function urlOf(bind: string, port: number): string {
  const host = ANY_ADDRESS[bind] ?? bind;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function noPool(origin: string, what: string): UnreachableError {
  return new UnreachableError(
    origin,
    'answer',
    `what answers at ${origin} is no pool of this version (${what}); see --http-url`,
  );
}

async function post(url: URL, token: string, body: unknown): Promise<{ status: number; body: unknown }> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      const waited = `the pool at ${url.origin} has not answered for ${TIMEOUT_MS / 1000} s`;
      throw new UnreachableError(
        url.origin,
        'timeout',
        `${waited}; what it pays all the same is in /payouts`,
      );
    }
    throw new UnreachableError(
      url.origin,
      'connection',
      `no pool answers at ${url.origin} (${reasonOf(error)}); see --http-url`,
    );
  }
  try {
    return { status: response.status, body: await response.json() };
  } catch {
    throw noPool(url.origin, `HTTP ${response.status}, no JSON`);
  }
}

/** `fetch` says only that it failed; why stands behind it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function refusalIn(body: unknown): string | undefined {
  const refusal = Refusal.safeParse(body);
  if (!refusal.success) return undefined;
  const { error } = refusal.data;
  return typeof error === 'string' ? error : error.message;
}

/** A settlement for people: a line per payee, and what it costs. */
export function settlementText(answer: Answer): string {
  const lines = answer.transactions.flatMap(
    ({ txid, items, fee_nits: fee, total_nits: total, vsize }, index) => [
      `${txid ?? `transaction ${index + 1}`}: ${formatAmount(total)} NILZ to ${items.length}, fee ${formatAmount(fee)} (${vsize} vB)`,
      ...items.map(
        ({ address, amount_nits: amount }) => `  ${address}  ${formatAmount(amount).padStart(16)}`,
      ),
    ],
  );
  const sent = answer.dry_run ? 'would be sent' : 'sent';
  return [
    ...lines,
    answer.transactions.length === 0 ? 'nobody is due' : `${formatAmount(answer.total_nits)} NILZ ${sent}`,
    ...(answer.waits_total > 0 ? [`${answer.waits_total} wait for the minimum`] : []),
    ...(answer.trouble === null ? [] : [`not everybody could be paid: ${answer.trouble}`]),
  ].join('\n');
}

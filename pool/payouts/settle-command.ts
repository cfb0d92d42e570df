import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { formatAmount } from '../../protocol/amount.ts';
import { boolean, SettingError, string } from '../../service/config.ts';
import { EXIT } from '../../service/lifecycle.ts';
import { UnreachableError } from '../../service/rpc-client.ts';
import { adminTokenFile, readAdminToken } from '../http/admin-token.ts';
import { LEDGER_FILE, PLACE_SETTINGS, poolDirectory } from '../settings.ts';
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

/** A settlement may wait for another one, and for the node. */
const TIMEOUT_MS = 120_000;

/** `nilz pool settle`: asks the pool that runs to pay what is due now. Exit code 1: not everything could be paid. */
export const settleCommand = subcommand({
  summary: 'pays what is due now, or with --dry-run says what would be paid',
  settings: {
    ...PLACE_SETTINGS,
    httpUrl: string({ help: "the running pool's HTTP port", default: 'http://127.0.0.1:8000' }),
    dryRun: boolean({ help: 'send nothing, say exactly what would be sent' }),
    json: boolean({ help: "print the pool's answer as JSON" }),
  },
  run: async ({ httpUrl, dryRun, json, ...place }) => {
    if (!URL.canParse(httpUrl)) throw new SettingError('--http-url: must have the form http://HOST:PORT');
    const directory = poolDirectory(place, (file) => readFileSync(file, 'utf8'));
    const token = await readAdminToken(adminTokenFile(join(directory, LEDGER_FILE)));
    const { status, body } = await post(new URL('/settle', httpUrl), token, { dry_run: dryRun });
    if (status !== 200) {
      console.error(`nilz pool settle: ${refusalIn(body) ?? `the pool answers with HTTP ${status}`}`);
      return EXIT.failed;
    }
    const answer = Answer.safeParse(body);
    if (!answer.success) {
      throw new UnreachableError(httpUrl, 'answer', `what answers at ${httpUrl} is no pool of this version`);
    }
    console.log(json ? JSON.stringify(body) : settlementText(answer.data));
    return answer.data.trouble === null ? EXIT.done : EXIT.failed;
  },
});

async function post(url: URL, token: string, body: unknown): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnreachableError(
      url.origin,
      'connection',
      `no pool answers at ${url.origin} (${why}); see --http-url`,
    );
  }
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

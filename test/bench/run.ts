/** `npm run bench [-- NAME…]` prints figures; a benchmark is never a test. */
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Row } from './measure.ts';

/** What every `*.bench.ts` exports. */
interface BenchModule {
  readonly title: string;
  readonly bench: () => Promise<Row[]>;
}

const here = new URL('.', import.meta.url);
const all = readdirSync(here)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));

function table(rows: readonly Row[]): string {
  const head = ['what', 'figure', 'range', 'CPU per operation', 'reference', 'ratio', 'target'];
  const lines = rows.map((row) =>
    [row.what, row.figure, row.range, row.cpuPerOperation, row.reference, row.ratio, row.target].join(' | '),
  );
  return [head.join(' | '), head.map(() => '---').join(' | '), ...lines]
    .map((line) => `| ${line} |`)
    .join('\n');
}

if (unknown.length > 0) {
  console.error(`bench: unknown ${unknown.join(', ')}; allowed: ${all.join(', ')}`);
  process.exitCode = 2;
} else {
  const model = cpus()[0]?.model.trim() || 'unknown CPU';
  const day = new Date().toISOString().slice(0, 10);
  console.log(
    `${model}, ${cpus().length} cores, Node ${process.version}, ${day}; medians of interleaved rounds\n`,
  );
  for (const name of wanted.length > 0 ? wanted : all) {
    const { title, bench } = (await import(new URL(`${name}.bench.ts`, here).href)) as BenchModule;
    console.log(`### ${title}\n`);
    console.log(`${table(await bench())}\n`);
  }
}

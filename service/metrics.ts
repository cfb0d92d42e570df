/** What a service shows Prometheus: families of numbers, read when somebody asks, so that counting costs nothing more. */
import type { Registry } from 'prom-client';

/** Numbers of one family, each with the labels that tell it from the others. */
export type Samples<Label extends string = string> = readonly (readonly [
  labels: Partial<Record<Label, string>>,
  value: number,
])[];

/**
 * One family of `/metrics`. Names follow Prometheus' rules: base units, `_total` for what only rises. No label may
 * carry what anybody can invent.
 */
export interface MetricFamily<View, Label extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  /** What is unknown is absent, and never zero. */
  samples(view: View): Samples<Label> | Promise<Samples<Label>>;
}

/** The answer of `GET /metrics`. */
export interface MetricsAnswer {
  /** The content type, with the version of the format. */
  readonly type: string;
  readonly text: string;
}

/**
 * Answers `GET /metrics`. What writes the format is loaded when somebody asks for the first time: most services are
 * started where nobody does.
 */
export function metricsReader<View>(
  families: readonly MetricFamily<View>[],
  view: View,
): () => Promise<MetricsAnswer> {
  let registry: Promise<Registry> | undefined;
  return async () => {
    registry ??= metricsRegistry(families, view);
    const made = await registry;
    return { type: made.contentType, text: await made.metrics() };
  };
}

async function metricsRegistry<View>(families: readonly MetricFamily<View>[], view: View): Promise<Registry> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const family of families) {
    const { name, help, labels = [] } = family;
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (name.endsWith('_total')) {
      new Counter<string>({
        ...options,
        async collect() {
          const samples = await family.samples(view);
          this.reset();
          for (const [labels, value] of samples) this.inc(labels, value);
        },
      });
    } else {
      new Gauge<string>({
        ...options,
        async collect() {
          const samples = await family.samples(view);
          this.reset();
          // Without labels a reset leaves a zero behind, which would be a number nobody has measured.
          if (labels.length === 0) this.remove();
          for (const [labels, value] of samples) this.set(labels, value);
        },
      });
    }
  }
  return registry;
}

/** What every process has. */
export const PROCESS_FAMILIES: readonly MetricFamily<unknown>[] = [
  {
    name: 'process_resident_memory_bytes',
    help: 'Memory of the process',
    samples: () => [[{}, process.memoryUsage.rss()]],
  },
  {
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process, all threads',
    samples: () => {
      const { user, system } = process.cpuUsage();
      return [[{}, (user + system) / 1e6]];
    },
  },
];

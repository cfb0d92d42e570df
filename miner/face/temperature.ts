/** The temperature of the processor, where Linux tells it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Kernel drivers of the sensors in processors (Documentation/hwmon): Intel's, AMD's, those of ARM boards. */
const CPU_DRIVERS: ReadonlySet<string> = new Set([
  'coretemp',
  'k10temp',
  'k8temp',
  'zenpower',
  'cpu_thermal',
  'soc_thermal',
]);
/** Names of thermal zones that are processors (Documentation/ABI/testing/sysfs-class-thermal). */
const CPU_ZONES = /^(x86_pkg_temp|cpu|soc|bigcore|littlecore|package)/i;
/** Beyond these a sensor is broken, or not one. */
const PLAUSIBLE = { min: -40, max: 150 };
const MILLIDEGREES = 1000;

const READ_INTERVAL_MS = 5_000;

/** The temperature as it was read last. */
export interface TemperatureWatch {
  /** Degrees Celsius; null where the system does not tell. */
  current(): number | null;
  stop(): void;
}

/** Reads {@link readCpuTemperature} now and every few seconds. */
export function watchCpuTemperature(): TemperatureWatch {
  let current: number | null = null;
  const read = async (): Promise<void> => {
    current = await readCpuTemperature();
  };
  const timer = setInterval(read, READ_INTERVAL_MS);
  void read();
  return { current: () => current, stop: () => clearInterval(timer) };
}

/**
 * Reads the hottest of the processor's sensors: those of `class/hwmon`, or else the thermal zones of the processor.
 * Other sensors say nothing about mining and are passed over.
 * @param root where sysfs is mounted
 * @returns degrees Celsius; null where nothing tells them
 */
export async function readCpuTemperature(root = '/sys'): Promise<number | null> {
  return (await hottestSensor(join(root, 'class/hwmon'))) ?? (await hottestZone(join(root, 'class/thermal')));
}

async function hottestSensor(folder: string): Promise<number | null> {
  const inputs: string[] = [];
  for (const device of await entriesOf(folder)) {
    const path = join(folder, device);
    if (!CPU_DRIVERS.has(await textOf(join(path, 'name')))) continue;
    const names = await entriesOf(path);
    inputs.push(...names.filter((name) => /^temp\d+_input$/.test(name)).map((name) => join(path, name)));
  }
  return hottest(inputs);
}

async function hottestZone(folder: string): Promise<number | null> {
  const inputs: string[] = [];
  for (const zone of await entriesOf(folder)) {
    const path = join(folder, zone);
    if (CPU_ZONES.test(await textOf(join(path, 'type')))) inputs.push(join(path, 'temp'));
  }
  return hottest(inputs);
}

async function hottest(inputs: readonly string[]): Promise<number | null> {
  const degrees = (await Promise.all(inputs.map(textOf)))
    .filter((text) => /^-?\d+$/.test(text))
    .map((text) => Number(text) / MILLIDEGREES)
    .filter((value) => value > PLAUSIBLE.min && value < PLAUSIBLE.max);
  return degrees.length === 0 ? null : Math.max(...degrees);
}

/** A sensor may come and go, and another system has none: what cannot be read tells nothing. */
async function entriesOf(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function textOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trim();
}

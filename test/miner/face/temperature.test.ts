import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { readCpuTemperature } from '../../../miner/face/temperature.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

/** A sysfs with these files. */
async function system(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryDirectory(t);
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${text}\n`);
  }
  return root;
}

describe('the temperature of the processor', () => {
  test('is that of the hottest of its sensors', async (t) => {
    const root = await system(t, {
      'class/hwmon/hwmon0/name': 'nvme',
      'class/hwmon/hwmon0/temp1_input': '91000',
      'class/hwmon/hwmon1/name': 'coretemp',
      'class/hwmon/hwmon1/temp1_input': '54000',
      'class/hwmon/hwmon1/temp2_input': '61500',
      'class/hwmon/hwmon1/temp2_max': '100000',
      'class/thermal/thermal_zone0/type': 'x86_pkg_temp',
      'class/thermal/thermal_zone0/temp': '70000',
    });
    assert.equal(await readCpuTemperature(root), 61.5);
  });

  test('is that of its thermal zone where there is no sensor', async (t) => {
    const root = await system(t, {
      'class/thermal/thermal_zone0/type': 'acpitz',
      'class/thermal/thermal_zone0/temp': '27800',
      'class/thermal/thermal_zone1/type': 'cpu-thermal',
      'class/thermal/thermal_zone1/temp': '48312',
      'class/thermal/cooling_device0/type': 'Processor',
    });
    assert.equal(await readCpuTemperature(root), 48.312);
  });

  test('is not known where a sensor tells nonsense, or another part is measured, or nothing is', async (t) => {
    const broken = await system(t, {
      'class/hwmon/hwmon0/name': 'k10temp',
      'class/hwmon/hwmon0/temp1_input': '-273150',
      'class/hwmon/hwmon0/temp2_input': 'N/A',
      'class/hwmon/hwmon1/name': 'amdgpu',
      'class/hwmon/hwmon1/temp1_input': '80000',
    });
    assert.equal(await readCpuTemperature(broken), null);
    assert.equal(await readCpuTemperature(join(broken, 'nowhere')), null);
  });
});

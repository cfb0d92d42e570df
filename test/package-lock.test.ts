import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';

const Names = z.record(z.string(), z.string()).default({});
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      dependencies: Names,
      devDependencies: Names,
      optionalDependencies: Names,
    }),
  ),
});

/** Whether a package in `place` finds another as Node.js looks for it: in its folder, then in those above. */
function finds(packages: object, place: string, name: string): boolean {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules') - 1))) {
    if (Object.hasOwn(packages, `${folder === '' ? '' : `${folder}/`}node_modules/${name}`)) return true;
    if (folder === '') return false;
  }
}

// `npm ci` refuses a lock file that leaves out the builds of one package for other systems, as `npm install`
// writes it when a registry does not have them all.
test('the lock file names every package that any of its packages asks for, on every system', () => {
  const text = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
  const { packages } = Lock.parse(JSON.parse(text));
  const missing = Object.entries(packages).flatMap(([place, wanted]) =>
    Object.keys({ ...wanted.dependencies, ...wanted.devDependencies, ...wanted.optionalDependencies })
      .filter((name) => !finds(packages, place, name))
      .map((name) => `${place || 'package.json'} asks for ${name}`),
  );
  assert.deepEqual(missing, []);
});

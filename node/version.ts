import { readFileSync } from 'node:fs';
import * as z from 'zod';

const packageSchema = z.object({ version: z.string().regex(/^\d+\.\d+\.\d+/) });

/** Version of this program, as in package.json. */
export const VERSION: string = packageSchema.parse(
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')),
).version;

/** The same as one number, two digits for each part after the first: 1.2.3 is 10203 (Bitcoin Core's scheme). */
export const VERSION_NUMBER: number = VERSION.split(/[.-]/)
  .slice(0, 3)
  .reduce((number, part) => number * 100 + Number(part), 0);

/** A process of its own that commits rows 1, 2, 3, … and reports each once it is durable. */
import { openDatabase } from '../../service/database.ts';
import { NUMBERS } from './database-schema.ts';

const [file = ''] = process.argv.slice(2);
const database = await openDatabase(file, NUMBERS);
for (let value = 1; ; value += 1) {
  await database.run('INSERT INTO numbers VALUES (?, ?)', [new Uint8Array([value >> 8, value]), value]);
  process.stdout.write(`${value}\n`);
}

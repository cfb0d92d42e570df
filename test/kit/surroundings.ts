/** What a test of one part needs around it. */
import { createLogger } from '../../service/log.ts';

export const SILENT = createLogger({ name: 'test', level: 'silent' });

export { childEnvironment } from '../service/child-environment.ts';
export { temporaryDirectory } from '../service/temporary-directory.ts';

/** `npm run demo`: set-up, then the article from end to end. Arguments go to `weir demo`. */
import { join } from 'node:path';
import { run } from './run.mjs';
import { afterSetup, root } from './setup.mjs';

await afterSetup(() => run(process.execPath, [join(root, 'packages', 'cli', 'bin', 'weir.js'), 'demo', ...process.argv.slice(2)]));
